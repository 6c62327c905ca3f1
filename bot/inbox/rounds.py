"""The three ways to run the worker: rehearse once, act once while somebody looks on, act until stopped."""

import asyncio
from collections.abc import Callable

from bot.inbox.errors import StandsStill
from bot.inbox.gate import Gate
from bot.inbox.lease import held
from bot.inbox.report import Report
from bot.inbox.worker import InboxWorker
from storage import halts
from storage.db import Database
from storage.rollouts import Stage

PAUSE = 10.0
"""seconds between two looks at the hub"""
PATIENCE = 3
"""rounds with trouble in a row before an unattended worker stops and asks for a person"""


async def rehearse(worker: InboxWorker, gate: Gate) -> Report:
    """A dry run, on record. It writes nothing to the hub, so it needs no lease and may run beside a working one."""
    report = await worker.rehearse()
    await gate.record(Stage.DRY_RUN, report)
    return report


async def act_once(worker: InboxWorker, gate: Gate, db: Database, tenant: str) -> Report:
    """One round that acts, on record.

    Raises:
        NotYet: no clean dry run of this definition is on record.
        Overlap: another run is under way.
        StandsStill: everything is halted.
    """
    await gate.require(Stage.MANUAL)
    if halted := await _halted(db, tenant):
        raise StandsStill(halted)
    async with held(db, tenant) as lease:
        report = await worker.act(lease)
    await gate.record(Stage.MANUAL, report)
    return report


async def act_until(
    stop: asyncio.Event,
    worker: InboxWorker,
    gate: Gate,
    db: Database,
    tenant: str,
    *,
    on_round: Callable[[Report], None],
    pause: float = PAUSE,
) -> bool:
    """Rounds until `stop` is set; False when it stopped by itself, after too many rounds with trouble in a row.

    Raises:
        NotYet: a clean dry run or a clean manual run of this definition is missing.
        Overlap: another run is under way.
    """
    await gate.require(Stage.UNATTENDED)
    bad = 0
    async with held(db, tenant) as lease:
        await gate.started(Stage.UNATTENDED)
        while not stop.is_set():
            if not await _halted(db, tenant):
                report = await worker.act(lease)
                on_round(report)
                bad = bad + 1 if report.troubles else 0
            if bad >= PATIENCE:
                await gate.record(Stage.UNATTENDED, report)
                return False
            try:
                async with asyncio.timeout(pause * (1 + bad)):
                    await stop.wait()
            except TimeoutError:
                continue
    return True


async def _halted(db: Database, tenant: str) -> str:
    async with db.read() as tx:
        halt = await halts.standing(tx, tenant)
    return str(halt) if halt is not None else ""
