"""Pure: what an audit entry's link is over, so that its body can be erased and the chain still holds.

A link is over a commitment to the body: the SHA-256 of a random salt and the body. Erasing drops both; what stays,
the commitment, is one of 2^128 that this body could have had, so nobody can tell even a guessed body from another.
Entries written before there were salts are linked over the body itself; of those the link's own hash stays.
"""

import json
import secrets
from collections.abc import Sequence

from storage.canonical import digest
from storage.records import AuditEntry, JsonObject

ORDER = "ops.record.erased"
"""the event of an entry that says which entries were emptied, and what was left of each; never emptied itself"""
MARK = "erased:"
"""an emptied body is written MARK commitment ":" rest, the rest being JSON that may stay"""
_COMMITTED = "sha256:"
"""no body begins so: each is a JSON object"""


def new_salt() -> str:
    """32 hex characters."""
    return secrets.token_hex(16)


def linked_over(body: str, salt: str) -> str:
    """What stands for the body in the text that is hashed; "" when nobody can know any more."""
    if salt:
        return _COMMITTED + digest(salt + body)
    if body.startswith(MARK):
        commitment = body[len(MARK) :].partition(":")[0]
        return _COMMITTED + commitment if commitment else ""
    return body


def emptied(entry: AuditEntry, rest: str) -> str:
    """The body in place of this entry's, of which `rest` (canonical JSON) may stay."""
    if entry.body.startswith(MARK):
        commitment = entry.body[len(MARK) :].partition(":")[0]
    else:
        commitment = digest(entry.salt + entry.body) if entry.salt else ""
    return f"{MARK}{commitment}:{rest}"


def is_emptied(body: str) -> bool:
    return body.startswith(MARK)


def rest_of(body: str) -> str:
    """The JSON of a body: all of it, or what was left when it was emptied."""
    return body[len(MARK) :].partition(":")[2] if body.startswith(MARK) else body


def told(body: str) -> JsonObject:
    """What a body says; one that was emptied says `erased` and what was left."""
    found: JsonObject = json.loads(rest_of(body))
    return {**found, "erased": True} if is_emptied(body) else found


def named_by(order: AuditEntry) -> set[int]:
    """The entries that an order says were emptied."""
    return {int(seq) for seq, _left in json.loads(order.body)["entries"]}


def left(entry: AuditEntry) -> str:
    """The digest of an emptied row, which its order names: what is left can be changed no more than the rest."""
    at = f"{entry.at:.6f}"
    parts: Sequence[str | int] = (entry.tenant, entry.seq, at, entry.event, entry.task_id, entry.correlation_id)
    return digest(json.dumps([*parts, entry.body, entry.prev, entry.hash], ensure_ascii=False, separators=(",", ":")))
