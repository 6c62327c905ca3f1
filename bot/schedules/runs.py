"""Runs of schedules that act: announced in the channel, worked as a task in that message's thread, then judged.

Every step is found again from the tables, so a crash between two of them delays a run and never doubles it.
"""

import logging
from dataclasses import dataclass

from bot.agent.transcript import is_quiet
from bot.lifecycle import days
from bot.lifecycle.moves import tell
from bot.orchestrator.core import Orchestrator
from bot.orchestrator.requests import Request
from bot.schedules.definition import subject_of
from policy.people import CannotAsk, People
from storage import audit, posts, rollouts, schedule_runs, schedules, steps, tasks
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.records import PostKind, Schedule, ScheduleRun, Source, Step, StepKind, Task, TaskState
from storage.rollouts import Stage

log = logging.getLogger(__name__)
_TROUBLE = {
    "denied": "was denied",
    "failed": "failed",
    "in_doubt": "is in doubt",
    "rejected": "was rejected",
    "expired": "was answered by nobody",
}


def text_of(schedule: Schedule) -> str:
    """What the schedule asks for."""
    return str(schedule.payload.get("text", ""))


def _subject(run: ScheduleRun) -> str:
    """The message in whose thread it is; a run that comes by itself shares it with the others of its day."""
    return days.subject_of(run) if run.stage == Stage.UNATTENDED else _key(run)


def _key(run: ScheduleRun) -> str:
    return f"schedule-run:{run.id}"


async def announce(tx: Tx, run: ScheduleRun) -> None:
    """Ask for the message in whose thread the run will be."""
    if run.stage == Stage.UNATTENDED:
        await days.announce(tx, run)
        return
    dry = run.stage == Stage.DRY_RUN
    how = "Dry run of a schedule; nothing will be changed" if dry else "A schedule, started by hand"
    await posts.want(
        tx,
        tenant=run.tenant,
        kind=PostKind.NOTICE,
        subject=_subject(run),
        channel=run.channel,
        body={"text": f"{how}, in the name of <@{run.requester}>: {run.text}", "kind": "info"},
    )


async def pause(tx: Tx, schedule: Schedule, why: str) -> None:
    """Switch a schedule off and say so in its channel."""
    await schedules.change(tx, schedule, enabled=False)
    await audit.append(
        tx, schedule.tenant, "ops.schedule.paused", body={"schedule": schedule.id, "by": "autopilot", "why": why}
    )
    asked = text_of(schedule)[:200]
    what = f"schedule “{asked}”" if asked else "digest of this channel"
    text = f"I paused the {what}: {why}. `/autopilot schedules` starts it again."
    await posts.want(
        tx,
        tenant=schedule.tenant,
        kind=PostKind.NOTICE,
        subject=f"schedule-paused:{schedule.id}:{schedule.next_at:.0f}",
        channel=schedule.channel,
        body={"text": text, "kind": "warning"},
    )


@dataclass(frozen=True, kw_only=True)
class Runs:
    """Brings every open run one step further."""

    db: Database
    orchestrator: Orchestrator
    people: People

    async def go_on(self) -> None:
        """Give tasks to runs whose message stands, and judge those whose task has ended."""
        async with self.db.read() as tx:
            found = await schedule_runs.open_ones(tx)
        for run in found:
            try:
                await (self._begin(run) if run.task_id is None else self._end(run, run.task_id))
            except CannotAsk as error:
                log.warning("a run waits until it can be said who is who", extra={"run": run.id, "why": str(error)})

    async def _begin(self, run: ScheduleRun) -> None:
        async with self.db.read() as tx:
            shown = await posts.showing(tx, run.tenant, _subject(run))
        ts = next((post.ts for post in shown if post.ts), None)
        if ts is None:
            if any("gave_up" in post.body for post in shown):
                await self._judged(run, None, 0, [f"no message can be posted in {run.channel!r}"])
            return
        if await self.people.actor(run.tenant, run.requester) is None:
            why = f"{run.requester!r}, in whose name it runs, is no active member any more"
            await self._judged(run, None, 0, [why])
            return
        task = await self.orchestrator.submit(
            Request(
                tenant=run.tenant,
                source=Source.SCHEDULE,
                channel=run.channel,
                thread_ts=ts,
                request_ts=ts,
                requester=run.requester,
                requester_team=run.tenant,
                text=run.text,
                keys=(_key(run),),
                dry_run=run.stage == Stage.DRY_RUN,
            )
        )
        async with self.db.write() as tx:
            task = task or await schedule_runs.task_begun(tx, run, ts)
            if task is not None:
                await schedule_runs.give_task(tx, run, task.id)
        if task is None:
            await self._judged(run, None, 0, ["the bot is switched off in this channel"])

    async def _end(self, run: ScheduleRun, task_id: str) -> None:
        async with self.db.read() as tx:
            task = await tasks.get(tx, run.tenant, task_id)
            if task.state not in tasks.FINAL:
                return
            transcript = await steps.of_task(tx, task)
        seen, troubles = verdict(task, transcript)
        await self._judged(run, task, seen, troubles, quiet=is_quiet(task, transcript))

    async def _judged(
        self, run: ScheduleRun, task: Task | None, seen: int, troubles: list[str], *, quiet: bool = False
    ) -> None:
        """Close the run and put it on record, once; a schedule whose unattended run was not clean is paused."""
        async with self.db.write() as tx:
            if not await schedule_runs.close(tx, run):
                return
            record = await rollouts.record(
                tx,
                tenant=run.tenant,
                subject=subject_of(run.schedule_id),
                definition=run.definition,
                stage=Stage(run.stage),
                seen=seen,
                troubles=troubles,
            )
            if task is not None and run.stage != Stage.UNATTENDED:
                await tell(tx, task, f"judged:{run.id}", _next(Stage(run.stage), record.clean, troubles))
            if run.stage != Stage.UNATTENDED:
                return
            await days.count(tx, run, quiet=quiet)
            if record.clean:
                return
            try:
                schedule = await schedules.get(tx, run.tenant, run.schedule_id, lock=True)
            except NotFound:
                return
            if schedule.enabled:
                await pause(tx, schedule, f"its last run was not clean ({'; '.join(troubles)[:300]})")


def verdict(task: Task, transcript: list[Step]) -> tuple[int, list[str]]:
    """Pure: how much a run did or said, and what of it was not as it should be."""
    seen, troubles = 0, []
    for step in transcript:
        if step.kind is StepKind.SAID:
            seen += 1
        if step.kind is not StepKind.RESULT:
            continue
        seen += 1
        status, content = str(step.body.get("status")), step.body.get("content")
        if status in _TROUBLE:
            troubles.append(f"{step.body.get('tool')} {_TROUBLE[status]}")
        if isinstance(content, dict):
            checked = content.get("verified")
            if isinstance(checked, dict) and checked.get("held") == "no":
                troubles.append(f"{step.body.get('tool')} did not take")
            if str(content.get("would", "")).startswith("be denied"):
                troubles.append(f"{step.body.get('tool')} would {content['would']}")
    if task.state is not TaskState.COMPLETED:
        troubles.append(f"the task ended as {task.state.value.replace('_', ' ')}")
    return seen, troubles


def _next(stage: Stage, clean: bool, troubles: list[str]) -> str:
    if not clean:
        why = "; ".join(troubles) or "it did nothing"
        return f"This run was not clean ({why[:400]}), so it proves nothing. Mend it, then begin with a dry run."
    if stage is Stage.DRY_RUN:
        return "The dry run was clean. Next: “Run now” in `/autopilot schedules`, with you looking on."
    return "This run was clean. It may run alone now: “Start” in `/autopilot schedules`."
