"""Pure: link one audit entry to the last, and check a run of links."""

import json
from collections.abc import Iterable
from json.encoder import encode_basestring as quoted

from storage import erased
from storage.canonical import digest
from storage.records import AuditEntry

GENESIS = "0" * 64


def link_hash(
    *, tenant: str, seq: int, at: float, event: str, task_id: str, correlation_id: str, body: str, prev: str
) -> str:
    """The hash of one link: over everything in it and the link before. `body` is as `erased.linked_over` gives it."""
    # `at` as text: the same float prints the same everywhere, and JSON numbers are not all safe to re-read.
    # For a list of strings and one small integer this is its RFC 8785 text (a test compares), in a tenth of the time.
    return digest(
        f'[{quoted(tenant)},{seq},"{at:.6f}",{quoted(event)},{quoted(task_id)},{quoted(correlation_id)},'
        f"{quoted(body)},{quoted(prev)}]"
    )


def check(entries: Iterable[AuditEntry], *, after: tuple[int, str] = (0, GENESIS)) -> list[str]:
    """What is wrong with a run of one tenant's links, one sentence each, naming the row; [] when whole.

    `after` is (sequence number, hash) of the link before the run, e.g. a published checkpoint.
    """
    seq, prev = after
    wrong: list[str] = []
    emptied: dict[int, AuditEntry] = {}
    ordered: dict[int, str] = {}
    for entry in entries:
        if entry.seq != seq + 1:
            wrong.append(f"entry {seq + 1} is missing: {entry.seq} follows {seq}")
        elif entry.prev != prev:
            wrong.append(f"entry {entry.seq} does not link to entry {seq}")
        if erased.is_emptied(entry.body):
            emptied[entry.seq] = entry
        if not _holds(entry):
            wrong.append(f"entry {entry.seq} ({entry.event}) was changed after it was written")
        elif entry.event == erased.ORDER:
            ordered |= {number: left for number, left in json.loads(entry.body)["entries"] if number < entry.seq}
        seq, prev = entry.seq, entry.hash
    for number, one in emptied.items():
        if ordered.get(number) != erased.left(one):
            wrong.append(f"entry {number} ({one.event}) was emptied, and not by an order on the record")
    return wrong


def _holds(entry: AuditEntry) -> bool:
    over = erased.linked_over(entry.body, entry.salt)
    if erased.is_emptied(entry.body) and not over:
        return True  # written before there were salts: its order speaks for it
    if not entry.body.startswith(("{", erased.MARK)):
        return False
    computed = link_hash(
        tenant=entry.tenant,
        seq=entry.seq,
        at=entry.at,
        event=entry.event,
        task_id=entry.task_id,
        correlation_id=entry.correlation_id,
        body=over,
        prev=entry.prev,
    )
    return computed == entry.hash
