"""The loop: ask the brain, call the gateway, repeat — within limits, every finished thing on disk before the next."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from bot.agent import attachments, looking_again, sight, skill_ends, transcript
from bot.agent import prompt as prompts
from bot.agent.definition import AgentDefinition
from bot.agent.mandating import Foresight
from bot.agent.requesting import Requesting
from bot.agent.titles import not_done, step_title
from bot.agent.turn import Turn
from bot.brains.base import Brain
from bot.brains.errors import BrainRefused, BrainUnavailable
from bot.lifecycle import consent
from bot.lifecycle.consent import Terms
from bot.lifecycle.halted import tell_halted
from bot.lifecycle.hooks import CallHooks, Hooks
from bot.lifecycle.moves import move, note, tell
from bot.lifecycle.ports import Files, Progress
from policy.mandate import Runbook
from policy.people import People
from storage import channels, halts, proposals, tasks
from storage import steps as step_store
from storage.db import Database
from storage.records import JsonObject, Step, StepKind, Task, TaskState
from tools.gateway import Gateway
from tools.outcomes import Denied, Failed, InDoubt, Outcome, Previewed, Ran, Waiting
from tools.requests import Scope

RETRIES = 4
"""times a task is tried again when its brain cannot be reached"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one stretch of work ended; the task's state is already on disk."""

    waiting: bool = False
    broken: bool = False
    """the live output may hold words that are not in the transcript"""


class AgentRunner:
    """Works a running task until it ends or waits for people."""

    def __init__(
        self,
        *,
        db: Database,
        gateway: Gateway,
        people: People,
        agent: AgentDefinition,
        brain: Brain,
        env: str,
        evidence_url: Callable[[str], str],
        sends_out: bool = False,
        terms: Terms | None = None,
        runbooks: Sequence[Runbook] = (),
        foresight: Foresight | None = None,
        files: Files | None = None,
    ) -> None:
        """`sends_out`: what the brain reads leaves this installation; `terms`: what people agree to before it does;
        `runbooks`: what requests may imply; `files`: where those of requests are read, None: nowhere."""
        self._db, self._gateway, self._people = db, gateway, people
        self._agent, self._brain, self._env = agent, brain, env
        self._evidence_url, self._sends_out, self._terms, self._files = evidence_url, sends_out, terms, files
        self._requesting = Requesting(db=db, gateway=gateway, agent=agent, runbooks=runbooks, foresight=foresight)

    def scope_of(self, _agent: str) -> Scope:
        """What it may use today, as whichever agent's task it is given."""
        return self._agent.scope

    async def run(self, hooks: Hooks, progress: Progress) -> Ended:
        """Go on from wherever the transcript stands."""
        began = time.monotonic()
        await self._as_now(hooks)
        while True:
            hooks.check_lease()
            steps = await self._load(hooks)
            if hooks.stopping:
                return await self._stopped(hooks)
            if new := attachments.unread(steps):  # of the request, or of what was added since
                seen = f"files-{new[0]['id']}", attachments.title(new)
                progress.step(*seen, "in_progress")
                await attachments.take_in(self._db, self._files, self._gateway.clean, hooks, steps)
                progress.step(*seen, "complete")
                continue
            waiting_calls = transcript.open_calls(steps)
            if not waiting_calls:
                over = self._over_limit(hooks, time.monotonic() - began)
                if over is not None:
                    return await self._give_up(hooks, over)
                ended = await self._think(hooks, steps, progress)
                if ended is not None:
                    return ended
                continue
            if await looking_again.parked(self._db, hooks, waiting_calls[0]):
                return Ended()
            if await self._together(hooks, steps, waiting_calls, progress):
                return Ended(waiting=True)
            outcome = await self._call(hooks, steps, waiting_calls[0], progress)
            if isinstance(outcome, Waiting):
                return Ended(waiting=True)
            if isinstance(outcome, InDoubt):
                return Ended(waiting=True)

    async def _load(self, hooks: Hooks) -> list[Step]:
        async with self._db.read() as tx:
            hooks.stopping = hooks.stopping or (await tasks.get(tx, hooks.task.tenant, hooks.task.id)).stop_requested
            return await step_store.of_task(tx, hooks.task)

    async def _as_now(self, hooks: Hooks) -> None:
        """A task that an earlier version of the agent began goes on with this one, and says so."""
        was, now = hooks.task.agent_version, self._agent.version
        if was == now:
            return
        async with self._db.write() as tx:
            await tasks.touch(tx, hooks.task, agent_version=now)
            await note(tx, hooks.task, "agent_changed", {"agent": self._agent.name, "was": was, "now": now})
            hooks.task = await tasks.get(tx, hooks.task.tenant, hooks.task.id)

    def _over_limit(self, hooks: Hooks, seconds: float) -> str | None:
        task, agent = hooks.task, self._agent
        if task.turns >= agent.max_turns:
            return f"I stopped after {task.turns} turns, the limit for one task."
        if task.calls >= agent.max_calls:
            return f"I stopped after {task.calls} tool calls, the limit for one task."
        if task.tokens >= agent.max_tokens:
            return f"I stopped after {task.tokens} model tokens, the limit for one task."
        if seconds >= agent.max_seconds:
            return f"I stopped after {agent.max_seconds:.0f} s of work, the limit for one task."
        return None

    # --- one turn of the brain ----------------------------------------------------------------------------

    async def _think(self, hooks: Hooks, steps: list[Step], progress: Progress) -> Ended | None:
        """One turn; None when it asked for calls or people said more meanwhile."""
        async with self._db.read() as tx:
            around = await channels.in_force(tx, hooks.task.tenant, hooks.task.channel)
        if around.local_only and self._sends_out:
            return await self._keep_inside(hooks)
        if self._terms is not None and (parked := await self._unasked(hooks, self._terms)) is not None:
            hooks.task = parked
            return Ended(waiting=True)
        turn = Turn(progress)
        try:
            question = prompts.build(
                self._agent, hooks.task, steps, self._gateway.registry, self._env, added=around.prompt
            )
            stream = self._brain.think(question)
            with sight.turn(self._brain.name, hooks.task.correlation_id) as seen:
                async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]  # a generator in every brain
                    async for event in events:
                        turn.take(event)
                        if hooks.stopping:
                            break
                seen.used(turn.tokens)
        except BrainUnavailable as error:
            return await self._retry(hooks, turn, str(error), error.retry_after)
        except BrainRefused as error:
            return await self._fail(hooks, turn, str(error))
        async with self._db.write() as tx:
            await tasks.lock(tx, hooks.task.tenant, hooks.task.id)  # a follow-up is before this turn's end or after it
            current = await step_store.of_task(tx, hooks.task)
            said_more = len(current) > len(steps)
            taken = {str(s.body["call_id"]) for s in current if s.kind is StepKind.CALLED}
            entries = turn.entries(self._gateway.registry, taken=taken, partial=hooks.stopping)
            await step_store.append(tx, hooks.task, hooks.task.turns, entries)
            await skill_ends.keep(tx, hooks.task, turn, current)
            turns = hooks.task.turns + (not turn.looks_again)
            counters: dict[str, Any] = {"turns": turns, "tokens": hooks.task.tokens + turn.tokens}
            done = not turn.calls and not said_more and not hooks.stopping
            if done:
                hooks.task = await move(tx, hooks.task, TaskState.COMPLETED, **counters)
            else:
                await tasks.touch(tx, hooks.task, **counters)
                hooks.task = await tasks.get(tx, hooks.task.tenant, hooks.task.id)
        return Ended() if done else None

    async def _unasked(self, hooks: Hooks, terms: Terms) -> Task | None:
        """The task, parked until its requester agrees that what is sent to the brain is sent."""
        requester = await self._people.actor(hooks.task.tenant, hooks.task.requester)
        return await consent.must_wait(self._db, hooks.task, terms, requester)

    # --- one call -----------------------------------------------------------------------------------------

    async def _together(
        self, hooks: Hooks, steps: list[Step], calls: list[transcript.OpenCall], progress: Progress
    ) -> bool:
        """Have the first calls decided as one plan; False when they do not make one."""
        if len(calls) < 2:
            return False
        requester = await self._people.actor(hooks.task.tenant, hooks.task.requester)
        asked = [await self._requesting.call(hooks.task, steps, call, requester) for call in calls]
        waiting = await self._gateway.plan(asked, CallHooks(hooks, calls[0].call_id, calls[0].tool))
        if waiting is None:
            return False
        async with self._db.read() as tx:
            planned = {call.call_id for call in await proposals.calls_of(tx, hooks.task.tenant, waiting.proposal_id)}
        for call in calls:
            if call.call_id in planned:
                title = step_title(self._gateway.registry, call.tool, call.arguments)
                self._show(call.call_id, title, waiting, progress)
        return True

    async def _call(self, hooks: Hooks, steps: list[Step], call: transcript.OpenCall, progress: Progress) -> Outcome:
        title = step_title(self._gateway.registry, call.tool, call.arguments)
        if not call.after_seconds:
            progress.step(call.call_id, title, "in_progress")
        requester = await self._people.actor(hooks.task.tenant, hooks.task.requester)
        outcome = await self._gateway.call(
            await self._requesting.call(hooks.task, steps, call, requester),
            CallHooks(hooks, call.call_id, call.tool),
        )
        if not isinstance(outcome, Waiting | InDoubt):
            async with self._db.read() as tx:
                hooks.task = await tasks.get(tx, hooks.task.tenant, hooks.task.id)
        if not call.after_seconds:  # of looks that are made again people see the first one, and what came of them all
            self._show(call.call_id, title, outcome, progress)
        return outcome

    def _show(self, call_id: str, title: str, outcome: Outcome, progress: Progress) -> None:
        match outcome:
            case Ran(finding=finding, evidence=evidence):
                progress.step(call_id, title, "complete", output=finding, link=self._evidence_url(evidence))
            case Waiting():
                progress.step(call_id, not_done("Proposed", title), "complete", output="people decide on the card")
            case Denied(message=message) | Failed(message=message) | InDoubt(message=message):
                progress.step(call_id, title, "error", output=message)
            case Previewed(would=would, grade=grade):
                title = not_done("Dry run", title)
                progress.step(call_id, title, "complete", output=f"{grade.words}: it would {would}")
            case _:
                assert_never(outcome)

    # --- ends ---------------------------------------------------------------------------------------------

    async def _stopped(self, hooks: Hooks) -> Ended:
        async with self._db.write() as tx:
            halt = await halts.standing(tx, hooks.task.tenant)
            if halt is not None:
                await tell_halted(tx, hooks.task, str(halt))
            why = "stopped by a person" if halt is None else str(halt)
            hooks.task = await move(tx, hooks.task, TaskState.CANCELLED, why=why)
        return Ended()

    async def _give_up(self, hooks: Hooks, why: str) -> Ended:
        async with self._db.write() as tx:
            await tell(
                tx, hooks.task, f"limit:{hooks.task.id}", f"{why} Ask again with a narrower question.", kind="warning"
            )
            hooks.task = await move(tx, hooks.task, TaskState.FAILED_TERMINAL, why=why)
        return Ended()

    async def _keep_inside(self, hooks: Hooks) -> Ended:
        """The channel is local-only: nothing of it goes to this brain."""
        why = "this channel is local-only, and my brain runs at a provider; nothing was sent there"
        async with self._db.write() as tx:
            text = f"{_sentence(why)} Ask in another channel, or an admin can change it with /autopilot settings."
            await tell(tx, hooks.task, f"local-only:{hooks.task.id}", text, kind="warning")
            hooks.task = await move(tx, hooks.task, TaskState.FAILED_TERMINAL, why=why)
        return Ended()

    async def _retry(self, hooks: Hooks, turn: Turn, why: str, retry_after: float | None) -> Ended:
        if hooks.task.attempt > RETRIES:
            return await self._fail(hooks, turn, f"{why} (tried {RETRIES} times)")
        delay = retry_after if retry_after is not None else 3.0 * 2 ** (hooks.task.attempt - 1)
        delay = min(delay, 300.0)
        async with self._db.write() as tx:
            await tell(
                tx,
                hooks.task,
                f"retry:{hooks.task.id}",  # one message, brought up to date
                f"{_sentence(why)} Trying again in {delay:.0f} s ({hooks.task.attempt} of {RETRIES}).",
                kind="warning",
            )
            hooks.task = await move(tx, hooks.task, TaskState.FAILED_RETRYABLE, why=why, delay=delay)
        return Ended(broken=turn.spoke)

    async def _fail(self, hooks: Hooks, turn: Turn, why: str) -> Ended:
        async with self._db.write() as tx:
            entries: list[tuple[StepKind, JsonObject]] = [(StepKind.NOTE, {"text": why})]
            await step_store.append(tx, hooks.task, hooks.task.turns, entries)
            await tell(tx, hooks.task, f"failed:{hooks.task.id}", _sentence(why), kind="error")
            hooks.task = await move(tx, hooks.task, TaskState.FAILED_TERMINAL, why=why)
        return Ended(broken=turn.spoke)


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
