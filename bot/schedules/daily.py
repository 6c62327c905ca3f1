"""The daily digest that settings ask for, as a schedule like any other."""

from bot.schedules.cadence import Cadence
from storage import schedules
from storage.db import Database
from storage.records import ScheduleKind


async def ensure(db: Database, tenant: str, channel: str, cron: str, tz: str) -> None:
    """Its schedule, when a channel for it is set and nobody has removed it."""
    if not channel:
        return
    cadence = Cadence(cron=cron, tz=tz)
    async with db.write() as tx:
        known = await schedules.of_tenant(tx, tenant)
        if any(s.kind is ScheduleKind.DIGEST and s.channel == channel for s in known):
            return
        await schedules.add(
            tx,
            schedule_id=f"s_settings_{tenant}_{channel}",  # once, on any number of replicas
            tenant=tenant,
            kind=ScheduleKind.DIGEST,
            cron=cadence.cron,
            tz=cadence.tz,
            channel=channel,
            next_at=cadence.check(await tx.time()),
        )
