"""One run at a time: the lease is held while the block lasts, and a run that lost it does nothing more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import sqlalchemy as sa

from bot.inbox.errors import Overlap
from storage import rollouts
from storage.db import Database, Tx
from storage.errors import LostRace
from storage.ids import new_id
from storage.records import Proposal
from storage.rollouts import RunLease
from tools.outcomes import Execution, Outcome

SECONDS = 60.0
SUBJECT = "inbox-worker"


@dataclass(kw_only=True)
class Held:
    """The lease as this process knows it, and this worker's part of each call: look whether it still holds."""

    until: float
    """by the event loop's clock"""

    def check_lease(self) -> None:
        """Pass while the lease holds.

        Raises:
            LostRace: it is over, or another run has it.
        """
        if asyncio.get_running_loop().time() >= self.until:
            raise LostRace("lease of", SUBJECT)

    async def parked(self, tx: Tx, proposal: Proposal) -> None:
        """Nothing to do."""

    async def settled(self, tx: Tx, outcome: Outcome | Execution) -> None:
        """Nothing to do."""

    async def running(self, tx: Tx) -> None:
        """Nothing to do."""


@contextlib.asynccontextmanager
async def held(db: Database, tenant: str, *, seconds: float = SECONDS) -> AsyncIterator[Held]:
    """The lease of this worker, kept alive until the block ends.

    Raises:
        Overlap: another run holds it.
    """
    loop = asyncio.get_running_loop()
    asked = loop.time()
    async with db.write() as tx:
        lease = await rollouts.take(tx, tenant=tenant, subject=SUBJECT, owner=new_id("run"), seconds=seconds)
    if lease is None:
        raise Overlap
    mine = Held(until=asked + seconds)
    keeping = asyncio.create_task(_keep(db, lease, mine, seconds))
    try:
        yield mine
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        async with db.write() as tx:
            await rollouts.release(tx, lease)


async def _keep(db: Database, lease: RunLease, mine: Held, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(seconds / 4)
        asked = loop.time()
        try:
            async with db.write() as tx:
                still = await rollouts.renew(tx, lease, seconds)
        except (sa.exc.DBAPIError, OSError):
            continue  # without an answer the lease simply runs out
        if not still:
            mine.until = 0.0
            return
        mine.until = asked + seconds
