"""How runs of skills went, and what is learned from them: how often one works, how long it takes, whether it helped."""

import statistics
from dataclasses import dataclass

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_new
from storage.records import Task
from storage.tables import skill_runs

LOOK_BACK = 200
"""newest runs of one skill that count"""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What the newest runs of one skill say."""

    runs: int
    ok: int
    median_seconds: float
    changed: int
    """runs in which it changed something"""
    helped: int
    """of those, runs after which it was seen to have helped"""
    did_not_help: int
    last_helped_at: float | None

    def in_words(self) -> str:
        """One line for people and brains."""
        parts = [f"worked {self.ok} of {self.runs} times", f"takes {self.median_seconds:.1f} s"]
        if told := self.helped + self.did_not_help:
            parts.append(f"helped {self.helped} of {told} times it changed something")
        return ", ".join(parts)


async def add(
    tx: Tx,
    task: Task,
    *,
    path: str,
    skill: str,
    hashed: str,
    ok: bool,
    changed: bool,
    helped: bool | None,
    since: float,
) -> None:
    """Keep one run, once. `since`: when it began."""
    values = {
        "task_id": task.id,
        "path": path,
        "tenant": task.tenant,
        "skill": skill,
        "hash": hashed,
        "ok": ok,
        "changed": changed,
        "helped": helped,
        "seconds": max(0.0, await tx.time() - since),
        "at": now(),
    }
    await tx.run(insert_new(tx, skill_runs).values(values))


async def tenants(tx: Tx) -> list[str]:
    """The workspaces in which a skill ran."""
    return list((await tx.run(sa.select(skill_runs.c.tenant).distinct())).scalars())


async def learned(tx: Tx, tenant: str) -> dict[str, Learned]:
    """What is known of each skill that ran, by its name. Runs of earlier versions of a skill count too."""
    newest = sa.func.row_number().over(partition_by=skill_runs.c.skill, order_by=skill_runs.c.at.desc()).label("place")
    ranked = sa.select(skill_runs, newest).where(skill_runs.c.tenant == tenant).subquery()
    rows = (await tx.run(sa.select(ranked).where(ranked.c.place <= LOOK_BACK))).all()
    out: dict[str, Learned] = {}
    for name in sorted({row.skill for row in rows}):
        mine = [row for row in rows if row.skill == name]
        helped = [row for row in mine if row.helped is True]
        out[name] = Learned(
            runs=len(mine),
            ok=sum(row.ok for row in mine),
            median_seconds=statistics.median(row.seconds for row in mine),
            changed=sum(row.changed for row in mine),
            helped=len(helped),
            did_not_help=sum(row.helped is False for row in mine),
            last_helped_at=max((row.at for row in helped), default=None),
        )
    return out
