"""What was kept long enough: found across all workspaces, dropped in one, some rows at a time.

Never what somebody still works on, waits for or may take back. The record keeps its links, and that a task was there,
which tools ran and by which rules, and the hash of each result.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from storage import audit, erasing
from storage.clock import now
from storage.db import Tx
from storage.erased import MARK, ORDER
from storage.records import OPEN_STATES, AuditEntry, JsonObject, PostKind
from storage.tables import audit as entries
from storage.tables import evaluations, evidence, mandates, posts, proposals, steps, tasks
from storage.tasks import FINAL

UNDO_SECONDS = 24 * 3600.0
"""as long as a card offers Undo; nothing that it may need is dropped sooner"""
_STAY = (PostKind.SESSION, PostKind.CONSENT)
"""no messages of a task: what Slack says of a thread, and a question put once"""


def _over(task: sa.FromClause) -> sa.ColumnElement[bool]:
    """That a task has ended, and nothing of it is open or can still be undone."""
    ended, its = task.c.state.in_(FINAL), proposals.c.task_id == task.c.id
    alive = sa.or_(proposals.c.state.in_(OPEN_STATES), proposals.c.finished_at > now() - UNDO_SECONDS)
    return sa.and_(ended, task.c.owner.is_(None), ~sa.exists().where(its, alive))


Found = dict[str, list[str]]
"""workspace → what of it was kept long enough"""


async def old_tasks(tx: Tx, seconds: float, limit: int) -> Found:
    """Ended tasks whose words were kept so long, oldest first."""
    old = sa.and_(tasks.c.emptied_at.is_(None), tasks.c.finished_at < now() - seconds, _over(tasks))
    query = sa.select(tasks.c.tenant, tasks.c.id).where(old).order_by(tasks.c.finished_at).limit(limit)
    return _by_tenant(await tx.run(query.with_for_update(skip_locked=True)))


async def old_results(tx: Tx, seconds: float, limit: int) -> Found:
    """Results of ended tasks that were kept so long, oldest first."""
    mine = tasks.c.id == evidence.c.task_id
    held = sa.exists().where(mine, ~_over(tasks))
    old = sa.and_(evidence.c.gone == "", evidence.c.at < now() - seconds, ~held)
    return _by_tenant(
        await tx.run(sa.select(evidence.c.tenant, evidence.c.hash).where(old).order_by(evidence.c.at).limit(limit))
    )


async def old_posts(tx: Tx, seconds: float, limit: int) -> Found:
    """Messages that show the newest, of ended tasks or of none, that were made so long ago."""
    held = sa.exists().where(tasks.c.id == posts.c.task_id, ~_over(tasks))
    shown = sa.and_(posts.c.shown >= posts.c.wanted, posts.c.owner.is_(None), posts.c.kind.not_in(_STAY))
    old = sa.and_(posts.c.created_at < now() - seconds, shown, ~held)
    query = sa.select(posts.c.tenant, posts.c.id).where(old).order_by(posts.c.created_at).limit(limit)
    return _by_tenant(await tx.run(query.with_for_update(skip_locked=True)))


async def old_cases(tx: Tx, seconds: float, limit: int) -> Found:
    """Evaluation cases that were kept so long, oldest first."""
    query = sa.select(evaluations.c.tenant, evaluations.c.id).where(evaluations.c.at < now() - seconds)
    query = query.order_by(evaluations.c.at).limit(limit)
    return _by_tenant(await tx.run(query.with_for_update(skip_locked=True)))


async def old_entries(tx: Tx, seconds: float, limit: int) -> dict[str, list[AuditEntry]]:
    """Entries of the record that say something and have for so long, of ended tasks or of none, oldest first."""
    held = sa.exists().where(tasks.c.id == entries.c.task_id, ~_over(tasks))
    says = sa.and_(entries.c.event != ORDER, entries.c.body.not_like(f"{MARK}%"))
    old = sa.and_(says, entries.c.at < now() - seconds, ~held)
    found: dict[str, list[AuditEntry]] = {}
    for row in await tx.run(sa.select(entries).where(old).order_by(entries.c.at, entries.c.seq).limit(limit)):
        found.setdefault(row.tenant, []).append(audit.record(row))
    return found


def _by_tenant(rows: Any) -> Found:
    found: Found = {}
    for tenant, key in rows:
        found.setdefault(tenant, []).append(key)
    return found


async def drop_tasks(tx: Tx, tenant: str, ids: Collection[str], title: str) -> JsonObject:
    """Drop the words of these tasks: their text, their transcript, what their requests implied."""
    mine = sa.and_(tasks.c.tenant == tenant, tasks.c.id.in_(ids))
    done = await tx.run(tasks.update().where(mine).values(text="", title=title, reason="", emptied_at=now()))
    await tx.run(mandates.delete().where(mandates.c.tenant == tenant, mandates.c.task_id.in_(ids)))
    dropped = await tx.run(steps.delete().where(steps.c.tenant == tenant, steps.c.task_id.in_(ids)))
    # What Show more would show, and what it showed, are words of the answer.
    theirs = sa.and_(posts.c.tenant == tenant, posts.c.task_id.in_(ids))
    await tx.run(posts.update().where(theirs, posts.c.kind == PostKind.STREAM).values(body={}))
    shown = sa.or_(posts.c.subject.startswith("more:"), posts.c.subject.startswith("rest:"))
    await tx.run(posts.delete().where(theirs, posts.c.kind == PostKind.NOTICE, shown))
    return {"tasks": done.rowcount, "steps": dropped.rowcount}


async def drop_results(tx: Tx, tenant: str, hashes: Collection[str], why: str) -> JsonObject:
    """Empty these results; their hashes stay."""
    return {"evidence": await erasing.empty_evidence(tx, tenant, list(hashes), why)}


async def drop_posts(tx: Tx, tenant: str, ids: Collection[str]) -> JsonObject:
    """Forget which messages showed what; the messages themselves are Slack's."""
    return {"posts": (await tx.run(posts.delete().where(posts.c.tenant == tenant, posts.c.id.in_(ids)))).rowcount}


async def drop_cases(tx: Tx, tenant: str, ids: Collection[str]) -> JsonObject:
    """Forget these evaluation cases."""
    mine = sa.and_(evaluations.c.tenant == tenant, evaluations.c.id.in_(ids))
    return {"evaluations": (await tx.run(evaluations.delete().where(mine))).rowcount}
