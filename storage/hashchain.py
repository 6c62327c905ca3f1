"""Pure: link one audit entry to the last, and check a run of links."""

import json
from collections.abc import Iterable

from storage.canonical import digest
from storage.records import AuditEntry

GENESIS = "0" * 64


def link_hash(
    *, tenant: str, seq: int, at: float, event: str, task_id: str, correlation_id: str, body: str, prev: str
) -> str:
    """The hash of one link: over everything in it and the link before."""
    # `at` as text: the same float prints the same everywhere, and JSON numbers are not all safe to re-read
    parts = [tenant, seq, f"{at:.6f}", event, task_id, correlation_id, body, prev]
    # For a list of strings and one small integer this is its RFC 8785 text (a test compares), in a tenth of the time.
    return digest(json.dumps(parts, ensure_ascii=False, separators=(",", ":")))


def check(entries: Iterable[AuditEntry], *, after: tuple[int, str] = (0, GENESIS)) -> list[str]:
    """What is wrong with a run of one tenant's links, one sentence each, naming the row; [] when whole.

    `after` is (sequence number, hash) of the link before the run, e.g. a published checkpoint.
    """
    seq, prev = after
    wrong: list[str] = []
    for entry in entries:
        if entry.seq != seq + 1:
            wrong.append(f"entry {seq + 1} is missing: {entry.seq} follows {seq}")
        elif entry.prev != prev:
            wrong.append(f"entry {entry.seq} does not link to entry {seq}")
        computed = link_hash(
            tenant=entry.tenant,
            seq=entry.seq,
            at=entry.at,
            event=entry.event,
            task_id=entry.task_id,
            correlation_id=entry.correlation_id,
            body=entry.body,
            prev=entry.prev,
        )
        if computed != entry.hash:
            wrong.append(f"entry {entry.seq} ({entry.event}) was changed after it was written")
        seq, prev = entry.seq, entry.hash
    return wrong
