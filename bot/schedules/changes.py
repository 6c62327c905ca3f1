"""What admins do to schedules. Each change is one transaction with its audit entry, once for each press."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

from bot.schedules import runs
from bot.schedules.cadence import BadSchedule, Cadence, cadence_of
from bot.schedules.definition import Definitions, subject_of
from bot.schedules.scheduler import want_digest
from policy.people import People
from storage import audit, inbox, rollouts, schedule_runs, schedules
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.records import JsonObject, Schedule, ScheduleKind
from storage.rollouts import NotProven, Stage

MOST = 30
"""schedules of one workspace: what one list in Slack can show"""
LONGEST_TEXT = 2_000


class Act(StrEnum):
    """What can be pressed on a saved schedule."""

    START = "start"
    PAUSE = "pause"
    DRY_RUN = "dry_run"
    RUN_NOW = "run_now"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Press:
    """Somebody's press, once under its key. Who it is is Slack's word; whether they may is asked."""

    tenant: str
    who: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A schedule as somebody typed it."""

    kind: ScheduleKind
    cadence: Cadence
    channel: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Done:
    message: str


@dataclass(frozen=True, kw_only=True)
class NotDone:
    """It may not be, or cannot be; `field` names what was typed wrongly: when | tz | text | channel."""

    message: str
    field: str = ""


Changed = Done | NotDone
_SEEN = Done(message="")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The one door to the table of schedules for people."""

    db: Database
    people: People
    definition_of: Definitions
    admins: tuple[str, ...]
    """groups whose members may change schedules; the workspace's own admins may, too"""

    async def refusal(self, tenant: str, who: str) -> str:
        """Why this person may not change schedules; "" when they may."""
        actor = await self.people.actor(tenant, who)
        if actor is not None and not actor.is_bot and (actor.is_admin or actor.groups & set(self.admins)):
            return ""
        return (
            f"schedules are changed by {', '.join(f'@{group}' for group in self.admins)} and admins; ask somebody there"
        )

    async def save(self, press: Press, draft: Draft, schedule_id: str = "") -> Changed:
        """Add a schedule, or change the one of this id. What acts ships switched off, and is again after a change."""
        if refused := await self.refusal(press.tenant, press.who):
            return await self._refuse(press, "save", schedule_id, refused)
        if draft.kind is ScheduleKind.REQUEST and not draft.text.strip():
            return NotDone(message="say what to ask for", field="text")
        if len(draft.text) > LONGEST_TEXT:
            return NotDone(message=f"at most {LONGEST_TEXT:,} characters", field="text")
        return await transact(self.db, lambda tx: self._save(tx, press, draft, schedule_id))

    async def _save(self, tx: Tx, press: Press, draft: Draft, schedule_id: str) -> Changed:
        cadence = draft.cadence
        try:
            next_at = cadence.check(await tx.time())
        except BadSchedule as error:
            return NotDone(message=str(error), field="tz" if "time zone" in str(error) else "when")
        if not await inbox.first_time(tx, press.tenant, f"schedules:{press.key}", "click"):
            return _SEEN
        columns: dict[str, object] = {
            "cron": "" if cadence.every is not None else cadence.cron,
            "every_seconds": cadence.every,
            "tz": cadence.tz,
            "channel": draft.channel,
            "payload": {"text": draft.text.strip()} if draft.kind is ScheduleKind.REQUEST else {},
            "next_at": next_at,
            "owner": press.who,
        }
        if schedule_id:
            return await self._alter(tx, press, schedule_id, columns)
        if len(await schedules.of_tenant(tx, press.tenant)) >= MOST:
            return NotDone(message=f"there are {MOST} schedules already; remove one first", field="when")
        acts = draft.kind is ScheduleKind.REQUEST
        new = await schedules.add(tx, tenant=press.tenant, kind=draft.kind, enabled=not acts, **columns)  # type: ignore[arg-type]  # named above
        assert new is not None
        await self._note(tx, press, "added", new)
        return Done(message="Saved, switched off. Begin with a dry run." if acts else f"Saved; {_next(new)}.")

    async def _alter(self, tx: Tx, press: Press, schedule_id: str, columns: dict[str, object]) -> Changed:
        try:
            was = await schedules.get(tx, press.tenant, schedule_id, lock=True)
        except NotFound:
            return NotDone(message="somebody removed it meanwhile", field="when")
        acts = was.kind is ScheduleKind.REQUEST
        if acts and (columns["payload"], columns["channel"]) == (was.payload, was.channel):
            columns = {**columns, "owner": was.owner}  # only when it comes was changed: what it does stays proven
        now = await schedules.change(tx, was, **columns)
        anew = acts and await self.definition_of(tx, now) != await self.definition_of(tx, was)
        if anew and now.enabled:
            now = await schedules.change(tx, now, enabled=False)
        await self._note(tx, press, "changed", now, {"before": _about(was)})
        return Done(message="Saved, switched off. Begin with a dry run." if anew else f"Saved; {_next(now)}.")

    async def press(self, press: Press, schedule_id: str, act: Act) -> Changed:
        """Do one thing to a saved schedule."""
        if refused := await self.refusal(press.tenant, press.who):
            return await self._refuse(press, act.value, schedule_id, refused)
        return await transact(self.db, lambda tx: self._press(tx, press, schedule_id, act))

    async def _press(self, tx: Tx, press: Press, schedule_id: str, act: Act) -> Changed:
        if not await inbox.first_time(tx, press.tenant, f"schedules:{press.key}", "click"):
            return _SEEN
        try:
            schedule = await schedules.get(tx, press.tenant, schedule_id, lock=True)
        except NotFound:
            return NotDone(message="somebody removed it meanwhile")
        match act:
            case Act.START:
                return await self._start(tx, press, schedule)
            case Act.PAUSE:
                await self._note(tx, press, "paused", await schedules.change(tx, schedule, enabled=False))
                return Done(message="Paused.")
            case Act.REMOVE:
                await schedules.remove(tx, schedule)
                await self._note(tx, press, "removed", schedule)
                return Done(message="Removed.")
            case Act.DRY_RUN:
                return await self._run(tx, press, schedule, Stage.DRY_RUN)
            case Act.RUN_NOW:
                return await self._run(tx, press, schedule, Stage.MANUAL)
            case _:
                assert_never(act)

    async def _start(self, tx: Tx, press: Press, schedule: Schedule) -> Changed:
        if schedule.kind is ScheduleKind.REQUEST and (wait := await self._unproven(tx, schedule, Stage.UNATTENDED)):
            await self._note(tx, press, "start_refused", schedule, {"why": wait})
            return NotDone(message=f"Not yet: {wait}.")
        # what was missed while it was paused is not made up for
        try:
            next_at = cadence_of(schedule).after(schedule.next_at, await tx.time())
        except BadSchedule as error:
            return NotDone(message=f"Not yet: {error}.")
        started = await schedules.change(tx, schedule, enabled=True, next_at=next_at)
        await self._note(tx, press, "started", started)
        return Done(message=f"Started; {_next(started)}.")

    async def _run(self, tx: Tx, press: Press, schedule: Schedule, stage: Stage) -> Changed:
        now = await tx.time()
        if schedule.kind is not ScheduleKind.REQUEST:
            await self._note(tx, press, "run_now", schedule)
            await want_digest(tx, schedule, until=now, subject=f"{schedule.id}@{press.key}")
            return Done(message=f"The digest is being posted to <#{schedule.channel}>.")
        if wait := await self._unproven(tx, schedule, stage):
            await self._note(tx, press, "run_refused", schedule, {"why": wait})
            return NotDone(message=f"Not yet: {wait}.")
        run = await schedule_runs.begin(
            tx,
            schedule,
            definition=await self.definition_of(tx, schedule),
            stage=stage,
            planned_at=now,
            text=runs.text_of(schedule),
        )
        if run is None:
            return NotDone(message="Its run before has not ended; look in its channel.")
        await self._note(tx, press, "run_now", schedule, {"stage": stage, "run": run.id})
        await runs.announce(tx, run)
        what = "A dry run begins" if stage is Stage.DRY_RUN else "It begins"
        return Done(message=f"{what} in <#{schedule.channel}>.")

    async def _unproven(self, tx: Tx, schedule: Schedule, stage: Stage) -> str:
        definition = await self.definition_of(tx, schedule)
        try:
            await rollouts.require(tx, schedule.tenant, subject_of(schedule.id), definition, stage)
        except NotProven as error:
            return f"a clean {error.need_words} of exactly this must come first"
        return ""

    async def _refuse(self, press: Press, what: str, schedule_id: str, why: str) -> NotDone:
        async with self.db.write() as tx:
            body: JsonObject = {"by": press.who, "what": what, "schedule": schedule_id, "why": why}
            await audit.append(tx, press.tenant, "ops.schedule.refused", body=body)
        return NotDone(message=f"{why[:1].upper()}{why[1:]}.")

    async def _note(self, tx: Tx, press: Press, event: str, schedule: Schedule, more: JsonObject | None = None) -> None:
        body: JsonObject = {"by": press.who, **_about(schedule), **(more or {})}
        await audit.append(tx, press.tenant, f"ops.schedule.{event}", body=body)


def _about(schedule: Schedule) -> JsonObject:
    return {
        "schedule": schedule.id,
        "kind": schedule.kind,
        "cron": schedule.cron,
        "every_seconds": schedule.every_seconds,
        "tz": schedule.tz,
        "channel": schedule.channel,
        "payload": schedule.payload,
        "enabled": schedule.enabled,
    }


def _next(schedule: Schedule) -> str:
    if not schedule.enabled:
        return "it is paused"
    at = dt.datetime.fromtimestamp(schedule.next_at, ZoneInfo(schedule.tz))
    return f"it comes next on {at:%A, %d %B at %H:%M} ({schedule.tz})"
