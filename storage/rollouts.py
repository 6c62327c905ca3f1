"""What has been proven before something may run unattended, and who runs it now: dry run → manual run → unattended.

A subject is whatever is rolled out (a worker, a schedule); its definition is a hash of everything that decides what it
does. A run proves one stage of one definition. Nothing is on record when this ships, so nothing runs unattended.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage import audit
from storage.clock import now
from storage.db import Tx
from storage.errors import StorageError
from storage.ids import new_id
from storage.inserts import insert_new
from storage.tables import rollout_runs, run_leases


class Stage(StrEnum):
    DRY_RUN = "dry_run"
    MANUAL = "manual"
    """it acts, once, and a person looks on"""
    UNATTENDED = "unattended"


class NotProven(StorageError):
    """A stage may not be entered yet; `need` is the one to run first."""

    def __init__(self, subject: str, stage: Stage, need: Stage) -> None:
        super().__init__(
            f"{subject!r} may not run as {stage.value!r}: "
            f"a clean {need.value!r} run of this very definition must come first"
        )
        self.need = need

    @property
    def need_words(self) -> str:
        """The run that is missing, as people say it."""
        return "dry run" if self.need is Stage.DRY_RUN else "run by hand"


@dataclass(frozen=True, kw_only=True)
class RolloutRun:
    """One finished run of one definition."""

    id: str
    tenant: str
    subject: str
    definition: str
    stage: Stage
    clean: bool
    seen: int
    """things it had to do with; a run that saw nothing proves nothing"""
    troubles: list[str]
    at: float


@dataclass(frozen=True, kw_only=True)
class RunLease:
    """The right to be the one run of a subject, until it is over or given back."""

    tenant: str
    subject: str
    owner: str
    fence: int


def _record(row: sa.Row[Any]) -> RolloutRun:
    values = {name: row._mapping[name] for name in RolloutRun.__dataclass_fields__}
    return RolloutRun(**{**values, "stage": Stage(row.stage)})


async def record(
    tx: Tx, *, tenant: str, subject: str, definition: str, stage: Stage, seen: int, troubles: list[str]
) -> RolloutRun:
    """Put a finished run on record, and in the audit log. It is clean when it saw something and had no trouble."""
    clean = seen > 0 and not troubles
    row = (
        await tx.run(
            rollout_runs.insert()
            .values(
                id=new_id("r"),
                tenant=tenant,
                subject=subject,
                definition=definition,
                stage=stage,
                clean=clean,
                seen=seen,
                troubles=troubles,
                at=now(),
            )
            .returning(rollout_runs)
        )
    ).one()
    await audit.append(
        tx,
        tenant,
        "ops.rollout.ran",
        body={
            "subject": subject,
            "definition": definition,
            "stage": stage.value,
            "clean": clean,
            "seen": seen,
            "troubles": [*troubles],
        },
    )
    return _record(row)


async def last(tx: Tx, tenant: str, subject: str, definition: str, stage: Stage) -> RolloutRun | None:
    """The newest run of this stage of this very definition, clean or not."""
    row = (
        await tx.run(
            sa.select(rollout_runs)
            .where(
                rollout_runs.c.tenant == tenant,
                rollout_runs.c.subject == subject,
                rollout_runs.c.definition == definition,
                rollout_runs.c.stage == stage,
            )
            .order_by(rollout_runs.c.at.desc(), rollout_runs.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else _record(row)


def needed(
    stage: Stage, *, dry: RolloutRun | None, manual: RolloutRun | None, unattended: RolloutRun | None
) -> Stage | None:
    """Pure: which stage must be run first, given the newest run of each; None when nothing is missing.

    An unclean run takes back what earlier clean ones of its stage had proven; an unclean unattended run takes back the
    manual proof, so a person looks on again before it goes on alone.
    """
    if stage is Stage.DRY_RUN:
        return None
    if dry is None or not dry.clean:
        return Stage.DRY_RUN
    if stage is Stage.MANUAL:
        return None
    if manual is None or not manual.clean:
        return Stage.MANUAL
    if unattended is not None and not unattended.clean and unattended.at >= manual.at:
        return Stage.MANUAL
    return None


async def require(tx: Tx, tenant: str, subject: str, definition: str, stage: Stage) -> None:
    """Pass when this definition may enter this stage. Whoever enables a schedule asks this first.

    Raises:
        NotProven: another stage must be run first; the error says which.
    """
    newest = {of: await last(tx, tenant, subject, definition, of) for of in Stage}
    need = needed(stage, dry=newest[Stage.DRY_RUN], manual=newest[Stage.MANUAL], unattended=newest[Stage.UNATTENDED])
    if need is not None:
        raise NotProven(subject, stage, need)


async def take(tx: Tx, *, tenant: str, subject: str, owner: str, seconds: float) -> RunLease | None:
    """The lease of this subject for so long, or None while another run holds it."""
    new = insert_new(tx, run_leases).values(tenant=tenant, subject=subject, owner=owner, fence=1, until=now() + seconds)
    if (await tx.run(new)).rowcount:
        return RunLease(tenant=tenant, subject=subject, owner=owner, fence=1)
    row = (
        await tx.run(
            run_leases.update()
            .where(run_leases.c.tenant == tenant, run_leases.c.subject == subject, run_leases.c.until < now())
            .values(owner=owner, fence=run_leases.c.fence + 1, until=now() + seconds)
            .returning(run_leases.c.fence)
        )
    ).one_or_none()
    return None if row is None else RunLease(tenant=tenant, subject=subject, owner=owner, fence=int(row.fence))


async def renew(tx: Tx, lease: RunLease, seconds: float) -> bool:
    """Hold the lease for so long from now; False when it was taken over meanwhile."""
    done = await tx.run(run_leases.update().where(*_mine(lease)).values(until=now() + seconds))
    return bool(done.rowcount)


async def release(tx: Tx, lease: RunLease) -> None:
    """Give the lease back; nothing happens when it was taken over."""
    await tx.run(run_leases.update().where(*_mine(lease)).values(until=0.0))


def _mine(lease: RunLease) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        run_leases.c.tenant == lease.tenant,
        run_leases.c.subject == lease.subject,
        run_leases.c.owner == lease.owner,
        run_leases.c.fence == lease.fence,
    )
