"""The few settings of its own the bot may propose to change, within bounds; people always decide (`max_autonomy`)."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from storage import audit, channels, schedules
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.records import Schedule, ScheduleKind
from tools.contract import Change, Held, Impact, InverseCall, JsonObject, ToolContext, ToolFailed, Verified
from tools.manifest import DryRun
from tools.own.reading import ChannelId
from tools.sources.python_toolbox import Toolbox

MOST_PER_MINUTE = 30
WE = "ops-autopilot"
Pace = Annotated[int, Field(ge=0, le=MOST_PER_MINUTE, description="0: as the installation says")]
ScheduleId = Annotated[str, Field(min_length=1, max_length=100)]


def register(box: Toolbox, db: Database) -> None:
    """Add the tools."""
    _pacing(box, db)
    _pausing(box, db)


def _pacing(box: Toolbox, db: Database) -> None:
    @box.write(
        tier="reversible",
        max_autonomy=1,
        idempotent=True,
        title="'Set the pace of ' + args.channel",
        says=(
            "'Begin ' + (args.per_minute == 0 ? 'as many requests a minute as the installation says' : "
            "'at most ' + num(args.per_minute) + ' requests a minute') + ' in ' + code(args.channel)"
        ),
        verb="set pace",
        target={"kind": "channel", "id": "args.channel"},
        side_effects=["requests above it wait their turn"],
        dry_run="previewed",
    )
    async def set_pace(channel: ChannelId, per_minute: Pace, context: ToolContext) -> JsonObject:
        """How many requests are begun in one channel in a minute; further ones wait."""
        async with db.write() as tx:
            own, _ = await channels.rows(tx, context.tenant, channel)
            wanted = replace(own, per_minute=per_minute or None)
            await channels.put(tx, context.tenant, channel, wanted, by=WE)
            await _note(tx, context, "settings.changed", {"channel": channel, "per_minute": per_minute})
        return {"channel": channel, "per_minute": per_minute}

    @set_pace.preview
    async def pace_look(channel: str, per_minute: int, context: ToolContext) -> Impact:
        now = await pace_of(db, context.tenant, channel)
        rows = (Change(label=f"requests a minute in {channel}", before=_pace(now), after=_pace(per_minute)),)
        return Impact(grade=DryRun.PREVIEWED, before={"per_minute": now}, changes=rows)

    @set_pace.undo
    def pace_back(channel: str, before: JsonObject) -> InverseCall:
        return InverseCall(
            tool="autopilot.set_pace", arguments={"channel": channel, "per_minute": before["per_minute"]}
        )

    @set_pace.verify
    async def pace_holds(channel: str, per_minute: int, context: ToolContext) -> Verified:
        now = await pace_of(db, context.tenant, channel)
        return Verified(
            held=Held.YES if now == per_minute else Held.NO, says=f"{channel}: {_pace(now)} requests a minute"
        )


def _pausing(box: Toolbox, db: Database) -> None:
    def declared(verb: str, done: str) -> dict[str, Any]:
        return {
            "tier": "reversible",
            "max_autonomy": 1,
            "idempotent": True,
            "title": f"'{done} schedule ' + args.schedule",
            "says": f"'{verb} schedule ' + code(args.schedule)",
            "verb": verb.lower(),
            "target": {"kind": "schedule", "id": "args.schedule"},
            "dry_run": "previewed",
        }

    @box.write(**declared("Pause", "Paused"))
    async def pause_schedule(schedule: ScheduleId, context: ToolContext) -> JsonObject:
        """Stop one digest from coming. Schedules that act are paused and started by people only."""
        return await _put(db, context, schedule, enabled=False)

    @box.write(**declared("Resume", "Resumed"))
    async def resume_schedule(schedule: ScheduleId, context: ToolContext) -> JsonObject:
        """Let one digest come again. Schedules that act are paused and started by people only."""
        return await _put(db, context, schedule, enabled=True)

    async def look(schedule: str, context: ToolContext) -> Impact:
        async with db.read() as tx:
            found = await _digest(tx, context.tenant, schedule)
        now = "comes" if found.enabled else "paused"
        row = Change(label=f"schedule {schedule}", before=now, after="as asked")
        return Impact(grade=DryRun.PREVIEWED, before={"enabled": found.enabled}, changes=(row,))

    def back(schedule: str, before: JsonObject) -> InverseCall:
        tool = "autopilot.resume_schedule" if before["enabled"] else "autopilot.pause_schedule"
        return InverseCall(tool=tool, arguments={"schedule": schedule})

    for one in (pause_schedule, resume_schedule):
        one.preview(look)
        one.undo(back)


async def pace_of(db: Database, tenant: str, channel: str) -> int:
    async with db.read() as tx:
        own, _ = await channels.rows(tx, tenant, channel)
    return own.per_minute or 0


def _pace(per_minute: int) -> str:
    return str(per_minute) if per_minute else "as the installation says"


async def _digest(tx: Tx, tenant: str, schedule: str) -> Schedule:
    try:
        found = await schedules.get(tx, tenant, schedule)
    except NotFound:
        raise ToolFailed(f"no schedule {schedule!r}; see autopilot.schedules", effect_possible=False) from None
    if found.kind is ScheduleKind.REQUEST:
        says = f"schedule {schedule!r} acts by itself; people pause and start it: /autopilot schedules"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return found


async def _put(db: Database, context: ToolContext, schedule: str, *, enabled: bool) -> JsonObject:
    async with db.write() as tx:
        found = await _digest(tx, context.tenant, schedule)
        if found.enabled is not enabled:
            await schedules.change(tx, found, enabled=enabled)
            await _note(tx, context, "schedule.changed", {"schedule": schedule, "enabled": enabled})
    return {"schedule": schedule, "enabled": enabled}


async def _note(tx: Tx, context: ToolContext, event: str, body: JsonObject) -> None:
    await audit.append(
        tx,
        tenant=context.tenant,
        event=f"ops.{event}",
        correlation_id=context.correlation_id,
        body={**body, "by": WE},
    )
