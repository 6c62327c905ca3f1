"""Makes checkpoints on a schedule and publishes them, on whichever replica is first."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.notary.places import Place
from storage import audit, checkpoints
from storage.checkpoints import Checkpoint, Signer
from storage.db import Database
from storage.errors import LOST_DATABASE

log = logging.getLogger(__name__)
LOOK = 30.0
"""seconds between two looks whether one is due"""


@dataclass(frozen=True, kw_only=True)
class Notary:
    """Signs the chains of one database."""

    db: Database
    signer: Signer
    places: Sequence[Place]
    every: float
    """seconds between two checkpoints of a chain that grew"""

    async def run(self) -> None:
        """Sign and publish whenever it is due, until cancelled."""
        while True:
            try:
                await self.round()
            except LOST_DATABASE as error:
                log.warning("no checkpoint now: the database does not answer", extra={"why": type(error).__name__})
            await asyncio.sleep(LOOK)

    async def round(self, *, now: bool = False) -> list[Checkpoint]:
        """Sign what is due (with `now`, everything), publish what is not yet published; what was signed."""
        async with self.db.read() as tx:
            tenants = [tenant for tenant, _seq, _hash in await audit.tenants(tx)]
        made = [one for tenant in tenants for one in await self._sign(tenant, now=now)]
        for tenant in tenants:
            await self._publish(tenant)
        return made

    async def _sign(self, tenant: str, *, now: bool) -> list[Checkpoint]:
        made: list[Checkpoint] = []
        while True:
            async with self.db.write() as tx:
                due = now or made or await tx.time() - await checkpoints.newest_at(tx, tenant) >= self.every
                one = await checkpoints.make(tx, tenant, self.signer) if due else None
            if one is None:
                return made
            made.append(one)

    async def _publish(self, tenant: str) -> None:
        """A crash in between publishes it once more, which does no harm; a place that fails is tried again."""
        async with self.db.read() as tx:
            waiting = await checkpoints.unpublished(tx, tenant)
        for one in waiting:
            try:
                async with self.db.write() as tx:
                    for place in self.places:
                        await place.put(tx, one)
                    await checkpoints.mark_published(tx, one)
            except OSError as error:
                log.error("a checkpoint could not be published", extra={"why": str(error), "seq": one.seq})
                return
