"""What a task came to, said when it ends or waits."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.text import Text

from bot.agent import skill_ends
from bot.agent.vouching import Vouched, vouch
from bot.orchestrator.show import Showroom
from bot.terminal.printable import one_line
from bot.terminal.proposal import proposal_panel
from storage import steps, tasks
from storage.db import Database
from storage.records import Step, Task, TaskState
from tools.gateway import Gateway

LOOK = 0.5
"""seconds between looks at the task's row, for what ends without a word"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Waits for one task, then says where it stands."""

    db: Database
    showroom: Showroom
    console: Console
    task: Task
    vouched: Callable[[Sequence[Step]], Vouched | None]
    """what is known of a model's answer"""

    async def wait(self, stretch: asyncio.Event, working: asyncio.Task[None]) -> int:
        """The exit code: 0 when it completed, was stopped or waits for people; 1 when it failed.

        `stretch` is set when a stretch of its work has been shown to its end; `working` is the worker.
        """
        retried = unseen = 0
        while True:
            waiting = asyncio.ensure_future(stretch.wait())
            await asyncio.wait([waiting, working], timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            shown = stretch.is_set()
            stretch.clear()
            if working.done():
                working.result()
                raise RuntimeError("the worker ended before the task")
            async with self.db.read() as tx:
                now = await tasks.get(tx, self.task.tenant, self.task.id)
            if now.state is TaskState.FAILED_RETRYABLE and now.attempt > retried:
                retried = now.attempt
                self._say("yellow", f"{now.reason}; trying again")
            unseen = 0 if shown or now.owner is not None else unseen + 1
            # The row moves a moment before the last words are out; at the second look nobody is writing any more.
            if not shown and unseen < 2:
                continue
            code = await self._tell(now)
            if code is not None:
                return code

    async def _alerts(self, now: Task) -> None:
        async with self.db.read() as tx:
            for text in await skill_ends.alerts_of(tx, now):
                self._say("yellow", f"! {text}")

    async def _tell(self, now: Task) -> int | None:
        if now.state in (*tasks.FINAL, TaskState.NEEDS_APPROVAL):
            await self._alerts(now)
        match now.state:
            case TaskState.COMPLETED:
                async with self.db.read() as tx:
                    known = self.vouched(await steps.of_task(tx, now))
                if known is not None:
                    self._say("dim", known.in_words())
                return 0
            case TaskState.NEEDS_APPROVAL:
                view = await self.showroom.approval(now.tenant, now.proposal_id or "")
                self.console.print(proposal_panel(view))
                self._say("yellow", f"nothing was changed: task {now.id} waits for people and is kept")
                return 0
            case TaskState.CANCELLED:
                self._say("yellow", "stopped")
                return 0
            case TaskState.FAILED_TERMINAL | TaskState.ESCALATED_TO_HUMAN:
                self._say("red", now.reason or now.state.value.replace("_", " "))
                return 1
            case _:
                return None

    def _say(self, color: str, text: str) -> None:
        self.console.print(Text(one_line(text), style=color), soft_wrap=True)


def vouching(gateway: Gateway) -> Callable[[Sequence[Step]], Vouched | None]:
    """What is known of an answer, by the tools there are; shown without secrets, as the answer is."""
    return partial(vouch, tier_of=gateway.registry.tier, clean=gateway.clean)
