"""The worker: claim, work, let go. Whatever happens to this process, some worker takes its tasks up again."""

import asyncio
import contextlib
import logging
import math
import os
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from opentelemetry import trace
from structlog.contextvars import bound_contextvars

from bot.agent.by_agent import ByAgent
from bot.agent.runner import AgentRunner, Ended
from bot.lifecycle.hooks import Hooks
from bot.lifecycle.moves import move, tell
from bot.lifecycle.ports import Stage
from bot.orchestrator import retention, sweeps
from bot.orchestrator.approved import OTHER_VERSION, ask_later
from bot.orchestrator.breakage import end_executing
from bot.orchestrator.executing import Executing
from bot.orchestrator.pace import Pace
from bot.orchestrator.retention import Keep
from policy.people import CannotAsk
from storage import steps, tasks
from storage.db import Database, within
from storage.errors import LOST_DATABASE, LostRace, is_full, why_lost
from storage.ids import new_id
from storage.records import StepKind, Task, TaskState
from tools.errors import SealForeign
from tools.gateway import Gateway

LONGEST_LULL = 5.0
"""seconds that the answer after a call waits at most for other calls to begin"""
log = logging.getLogger(__name__)
tracer = trace.get_tracer("ops_autopilot")

T = TypeVar("T")
SOON = 60.0
"""seconds to the next sweep when one found more than it may drop at once"""


@dataclass
class Worker:
    """Works tasks until told to stop. Owns no state that matters: it is all in the database."""

    db: Database
    gateway: Gateway
    runner: AgentRunner | ByAgent
    stage: Stage
    pace: Pace = field(default_factory=Pace)
    approvals_channel: str = ""
    """where cards of tasks from direct messages are shown, too"""
    every_card: bool = False
    """all approval cards go there as well, not only those of direct messages"""
    keep: Keep = field(default_factory=Keep)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}-{new_id('w')[-6:]}")
    _busy: dict[asyncio.Task[None], Hooks] = field(default_factory=dict)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what runs has ended or the drain time is over."""
        self._stop.set()
        self.db.wakes.ring(tasks.WAKE_APPROVED)

    async def run(self) -> None:
        """Claim and work until `stop`; survives a database restart."""
        background = [asyncio.create_task(self._beat()), asyncio.create_task(self._sweep())]
        if self.db.is_postgres:
            background.append(asyncio.create_task(self._forever(self.db.listen)))
        new, approved = self.db.wakes.of(tasks.WAKE), self.db.wakes.of(tasks.WAKE_APPROVED)
        try:
            while not self._stop.is_set():
                new.clear()
                approved.clear()
                free = self.pace.slots - len(self._busy)
                claimed = await self._claim(free) if free else []
                for task in claimed:
                    hooks = Hooks(task, self.pace.lease, self.approvals_channel, every_card=self.every_card)
                    self._busy[asyncio.create_task(self._work(hooks))] = hooks
                if not claimed:
                    await self._wait(approved, *([new] if free > self.pace.kept_for_approved else []))
                for done in [t for t in self._busy if t.done()]:
                    self._busy.pop(done)
                for dead in background:
                    if dead.done():  # a heartbeat that dies silently would turn into lost leases
                        raise RuntimeError("the worker's heartbeat died") from dead.exception()
            if self._busy:
                await asyncio.wait(self._busy, timeout=self.pace.drain)
        finally:
            for task_ in [*background, *self._busy]:
                task_.cancel()
            await asyncio.gather(*background, *self._busy, return_exceptions=True)

    async def _wait(self, *wakes: asyncio.Event) -> None:
        waiters = [asyncio.create_task(wake.wait()) for wake in wakes]
        await asyncio.wait([*waiters, *self._busy], timeout=self.pace.poll, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()

    async def _claim(self, free: int) -> list[Task]:
        try:
            with self.db.precedence.starting():
                return await self._claimed(free)
        except LOST_DATABASE as error:  # claims are fenced, so asking again is safe
            log.warning("no work is taken from the database; trying again", extra={"why": why_lost(error)})
            await asyncio.sleep(self.pace.poll)
            return []

    async def _claimed(self, free: int) -> list[Task]:
        async with self.db.write() as tx:
            room = free - self.pace.kept_for_approved
            return await tasks.claim(
                tx,
                owner=self.name,
                lease=self.pace.lease,
                limit=room if room > 0 else free,
                approved_only=room <= 0,
            )

    # --- one task -----------------------------------------------------------------------------------------

    async def work(self, hooks: Hooks) -> None:
        """Work one claimed task as far as it goes; for those who drive a worker by hand."""
        await self._work(hooks)

    async def _work(self, hooks: Hooks) -> None:
        task = hooks.task
        with (
            within(task.tenant),
            bound_contextvars(correlation_id=task.correlation_id, task=task.id),
            tracer.start_as_current_span(
                "invoke_agent",
                attributes={
                    "gen_ai.operation.name": "invoke_agent",
                    "gen_ai.agent.name": task.agent,
                    "ops.task": task.id,
                    "ops.correlation_id": task.correlation_id,
                },
            ),
        ):
            try:
                await self._go_on(hooks)
            except LostRace as lost:
                log.info("somebody else has this task now", extra={"why": str(lost)})
            except LOST_DATABASE as error:
                said = "the database failed a task; its lease will run out and it is taken up again"
                if is_full(error):
                    log.error(said, extra={"why": why_lost(error)})
                else:
                    log.exception(said)
            except CannotAsk as error:
                await self._put_back(hooks, str(error))
            except SealForeign:
                await self._put_back(hooks, OTHER_VERSION)
            except Exception:
                log.exception("a task broke its worker")
                await self._broken(hooks)

    async def _put_back(self, hooks: Hooks, why: str) -> None:
        log.warning("a task waits for another moment, or for another replica", extra={"why": why})
        if not await ask_later(self.db, hooks.task, self.name, why):
            await self._broken(hooks)

    async def _go_on(self, hooks: Hooks) -> None:
        task = hooks.task
        approved = task.state is TaskState.EXECUTING
        executing = Executing(db=self.db, gateway=self.gateway, scope_of=self.runner.scope_of, room=self._room_to_talk)
        if approved and not await executing.run(hooks):
            return
        if approved:  # the brain's next words can wait for others' calls
            await self.db.precedence.lull(LONGEST_LULL)
        async with self.db.read() as tx:
            so_far = await steps.of_task(tx, hooks.task)
        if not approved and len(so_far) == 1 and task.thread_ts != task.request_ts:
            await self._take_in_thread(hooks)
        # After the execution: what people approved does not wait for Slack.
        await self.stage.recover(hooks.task, so_far)
        progress = await self.stage.open(hooks.task, so_far)
        ended = Ended(broken=True)
        try:
            ended = await self.runner.run(hooks, progress)
        finally:
            final = hooks.task.state in tasks.FINAL
            await progress.close(waiting=ended.waiting, final=final, broken=ended.broken)

    def _room_to_talk(self) -> bool:
        """Whether one more may wait for its brain and for Slack, which take long: approved calls wait for neither."""
        talking = [h for t, h in self._busy.items() if not t.done() and h.task.state is not TaskState.EXECUTING]
        return len(talking) < self.pace.slots - self.pace.kept_for_approved

    async def _take_in_thread(self, hooks: Hooks) -> None:
        """What was said in the thread before: context for the brain, never instructions."""
        earlier = await self.stage.context(hooks.task)
        if not earlier:
            return
        async with self.db.write() as tx:
            await steps.append(
                tx, hooks.task, 0, [(StepKind.CONTEXT, {"by": who, "text": text}) for who, text in earlier]
            )

    async def _broken(self, hooks: Hooks) -> None:
        """A bug: the task is tried again a few times, then it ends with its correlation id to look for."""
        with contextlib.suppress(LostRace, *LOST_DATABASE):
            async with self.db.write() as tx:
                task = await tasks.get(tx, hooks.task.tenant, hooks.task.id)
                if task.owner != self.name:
                    return
                if task.attempt <= 3:
                    delay = 2.0 * task.attempt
                    if task.state is TaskState.RUNNING:
                        await move(tx, task, TaskState.FAILED_RETRYABLE, why="an internal error", delay=delay)
                    elif task.state is TaskState.EXECUTING:  # its intent says what another worker may still do
                        await tasks.move(tx, task, TaskState.EXECUTING, delay=delay, reason="an internal error")
                    return
                if task.state is TaskState.EXECUTING:
                    await end_executing(tx, task, "something in the bot broke on it")
                elif task.state is TaskState.RUNNING:
                    text = "Something in the bot broke on this task. An operator can find it by the id below."
                    await tell(tx, task, f"broken:{task.id}", text, kind="error")
                    await move(tx, task, TaskState.FAILED_TERMINAL, why="an internal error")

    # --- in the background --------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Hold the leases of what runs, and hear of Stop."""
        while True:
            await asyncio.sleep(self.pace.heartbeat)
            at_work = {h.task.id: h for h in self._busy.values()}
            if not at_work:
                continue
            asked = time.monotonic()
            try:
                async with self.db.write() as tx:
                    held = await tasks.hold(tx, owner=self.name, ids=list(at_work), lease=self.pace.lease)
            except LOST_DATABASE:
                continue  # the lease runs out by itself, and check_lease sees it
            for task_id, hooks in at_work.items():
                if task_id in held:
                    hooks.extend(self.pace.lease, since=asked)
                    hooks.stopping = hooks.stopping or held[task_id]

    async def _sweep(self) -> None:
        swept = -math.inf  # at once after a start, however long this machine is up
        while True:
            await _kept_up(sweeps.take_back(self.db))
            await _kept_up(sweeps.expire(self.db))
            if time.monotonic() - swept > 3600:
                await _kept_up(sweeps.forget(self.db, self.keep.deliveries))
                more = await _kept_up(retention.sweep(self.db, self.keep))
                swept = time.monotonic() - (3600 - SOON if more else 0)
            await asyncio.sleep(self.pace.poll)

    async def _forever(self, listen: Callable[[], Awaitable[None]]) -> None:
        while True:
            with contextlib.suppress(*LOST_DATABASE):
                await listen()
            await asyncio.sleep(self.pace.poll)


async def _kept_up(sweep: Awaitable[T]) -> T | None:
    """What one sweep gives; None when it failed. It is made again later, and holds up neither the others nor work."""
    try:
        return await sweep
    except LOST_DATABASE:  # said where work is taken from it
        return None
    except Exception:
        log.exception("a sweep failed; it is made again")
        return None
