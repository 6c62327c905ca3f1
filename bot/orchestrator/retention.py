"""How long things are kept: what is older goes, so many rows at each sweep, each sweep on the record."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from storage import aging, audit, erasing
from storage.aging import UNDO_SECONDS, Found
from storage.attempts import transact
from storage.db import Database, Tx
from storage.erasing import Why
from storage.records import JsonObject

DAY = 86_400.0
AT_ONCE = 200
"""rows of each kind in one sweep: on SQLite acks wait for it"""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """For how many days; 0: for good. Never shorter than a change can be undone."""

    words: float = 0.0
    """an ended task's text and transcript"""
    results: float = 0.0
    posts: float = 0.0
    cases: float = 0.0
    record: float = 0.0
    """what entries of the record say; their links stay, and each is named by an order"""
    deliveries: float = 7.0
    """what each delivery of Slack was called, so that none is taken twice; its last retry comes after minutes"""


async def sweep(db: Database, keep: Keep) -> bool:
    """Drop some of what is too old, in every workspace; whether there may be more.

    One transaction with one audit entry a workspace (`ops.record.swept`), so what went is always on the record.
    """
    return await transact(db, lambda tx: _sweep(tx, keep))


async def _sweep(tx: Tx, keep: Keep) -> bool:
    gone: dict[str, JsonObject] = {}
    more = False
    for days, find, drop in (
        (keep.words, aging.old_tasks, partial(aging.drop_tasks, tx, title=_title(keep.words))),
        (keep.results, aging.old_results, partial(aging.drop_results, tx, why=_why(keep.results))),
        (keep.posts, aging.old_posts, partial(aging.drop_posts, tx)),
        (keep.cases, aging.old_cases, partial(aging.drop_cases, tx)),
    ):
        found = await _found(tx, days, find)
        more = more or sum(map(len, found.values())) >= AT_ONCE
        for tenant, ids in found.items():
            gone.setdefault(tenant, {}).update(await drop(tenant, ids))
    if keep.record:
        aged = await aging.old_entries(tx, max(keep.record * DAY, UNDO_SECONDS), AT_ONCE)
        more = more or sum(map(len, aged.values())) >= AT_ONCE
        for tenant, said in aged.items():
            why = Why(what="entries of the record", by="retention", reason=_why(keep.record))
            await erasing.empty(tx, tenant, said, why, rest=erasing.of_a_task)
    for tenant, counts in gone.items():
        kept = {"words": keep.words, "results": keep.results, "posts": keep.posts, "cases": keep.cases}
        await audit.append(tx, tenant, "ops.record.swept", body={"dropped": counts, "kept_days": {**kept}})
    return more


async def _found(tx: Tx, days: float, find: Callable[[Tx, float, int], Awaitable[Found]]) -> Found:
    return await find(tx, max(days * DAY, UNDO_SECONDS), AT_ONCE) if days else {}


def _why(days: float) -> str:
    return f"kept for {days:g} days, then dropped"


def _title(days: float) -> str:
    return f"({_why(days)})"
