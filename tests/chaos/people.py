"""The people of a run: they ask, look at the newest card, press, and press again only what Slack says was not heard."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Refused
from bot.slack.actions import ActionId, BlockId
from bot.slack.cards.fields import block_id
from tests.chaos.brain import answer_of, request_of
from tests.chaos.plan import Story, Thread
from tests.chaos.till import Till
from tests.scenarios.world import action_ids, everything

Message = Mapping[str, Any]
CHANNEL = "C0INCIDENTS"
ASKERS = ("U0ANA", "U0KIM")
APPROVERS = ("U0SAM", "U0DANA", "U0NOOR")
EDITOR = "U0DANA"
"""vouches for the values by editing, so somebody else approves them"""
ASKS_AGAIN = "asks again"
"""how a card's words go on when its target or its rules changed since"""
PATIENCE = 120.0
"""seconds a person waits for anything before the run is called stuck"""


class Stuck(Exception):
    """Somebody waited in vain."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A press that Slack says the app took."""

    thread: str
    who: str
    action: str
    proposal: str


@dataclass(kw_only=True)
class People:
    slack: LocalSlack
    till: Till
    heard: list[Heard] = field(default_factory=list)

    async def play(self, thread: Thread) -> None:
        """One thread from its request to its end."""
        text = request_of(thread.tool, thread.number, thread.amount)
        asker = ASKERS[thread.number % len(ASKERS)]
        ts = str((await self.slack.ui.send(asker, CHANNEL, f"@autopilot {text}"))["ts"])
        beside = [asyncio.create_task(self._end_doubts(ts, thread)), asyncio.create_task(self._approve_again(ts))]
        try:
            await self._decide(ts, thread, asker)
        finally:
            for one in beside:
                one.cancel()

    async def _decide(self, ts: str, thread: Thread, asker: str) -> None:
        number = thread.number

        def ended() -> bool:
            return any(answer_of(number) in everything(m) for m in self.ours(ts))

        match thread.story:
            case Story.APPROVE | Story.QUORUM:
                await self._approve(ts, ended, count=3 if thread.story is Story.QUORUM else 1)
            case Story.REJECT:
                await self._say_no(ts, "U0DANA", ended)
            case Story.EDIT:
                await self._edit(ts, ended)
                await self._approve(ts, ended, count=1)
            case Story.UNDO:
                await self._approve(ts, ended, count=1)
                await self._until(ts, ended, "answer")
                await self._undo(ts, number)
                return
            case Story.EXPIRE:
                pass  # nobody answers
            case Story.RACE:
                await self._until(ts, lambda: ended() or bool(self.cards(ts, ActionId.APPROVE)), "card")
                await asyncio.gather(self._say_no(ts, "U0DANA", ended), self._approve(ts, ended, count=1))
            case Story.STOP:
                await self._until(ts, lambda: ended() or bool(self.cards(ts, ActionId.APPROVE)), "card")
                await self.slack.ui.send(asker, CHANNEL, "@autopilot stop", thread_ts=ts)
                await self._until(ts, lambda: ended() or not self.cards(ts, ActionId.APPROVE), "card without buttons")
                return
        await self._until(ts, ended, "answer")

    # --- what they do -------------------------------------------------------------------------------------

    async def _approve(self, ts: str, ended: Callable[[], bool], *, count: int) -> None:
        await asyncio.gather(*(self._press(ts, who, ActionId.APPROVE, ended) for who in APPROVERS[:count]))

    async def _approve_again(self, ts: str) -> None:
        """Whoever is asked says yes once more to what changed since: another call that ran first may ask for more."""
        while True:
            await self._soon(lambda: self._asking_again(ts))
            for card, who in self._asking_again(ts):
                await self._click(ts, who, card, ActionId.APPROVE)

    def _asking_again(self, ts: str) -> list[tuple[Message, str]]:
        pressed = {(h.proposal, h.who) for h in self.heard if h.action == ActionId.APPROVE}
        asking = [m for m in self.cards(ts, ActionId.APPROVE) if ASKS_AGAIN in str(m["text"])]
        return [(m, who) for m in asking for who in APPROVERS if (_proposal(m, ActionId.APPROVE), who) not in pressed]

    async def _press(self, ts: str, who: str, action: str, over: Callable[[], bool]) -> None:
        """Press the button of every card that asks, once each as far as Slack says that it was heard."""
        while not over():
            await self._until(ts, lambda: over() or bool(self._unpressed(ts, who, action)), f"button {action!r}")
            if over() or not (asking := self._unpressed(ts, who, action)):
                return
            if await self._click(ts, who, asking[-1], action):
                return

    def _unpressed(self, ts: str, who: str, action: str) -> list[Message]:
        pressed = {h.proposal for h in self.heard if (h.who, h.action) == (who, action)}
        return [m for m in self.cards(ts, action) if _proposal(m, action) not in pressed]

    async def _click(self, ts: str, who: str, card: Message, action: str) -> bool:
        proposal = _proposal(card, action)
        try:
            pressed = await self.slack.ui.click(who, CHANNEL, str(card["ts"]), action)
        except Refused:  # the button went away under the finger
            pressed = {"ok": False}
        if pressed["ok"]:
            self.heard.append(Heard(thread=ts, who=who, action=action, proposal=proposal))
        else:
            await asyncio.sleep(0.2)
        return bool(pressed["ok"])

    async def _say_no(self, ts: str, who: str, ended: Callable[[], bool]) -> None:
        await self._by_modal(ts, who, ActionId.REJECT, {BlockId.REASON: "not today"}, ended)

    async def _edit(self, ts: str, ended: Callable[[], bool]) -> None:
        before = {_proposal(m, ActionId.APPROVE) for m in self.cards(ts, ActionId.APPROVE)}
        await self._until(ts, lambda: ended() or bool(self.cards(ts, ActionId.APPROVE)), "card to edit")
        before = {_proposal(m, ActionId.APPROVE) for m in self.cards(ts, ActionId.APPROVE)}

        def replaced() -> bool:
            now = {_proposal(m, ActionId.APPROVE) for m in self.cards(ts, ActionId.APPROVE)}
            return ended() or bool(now - before)

        await self._by_modal(ts, EDITOR, ActionId.EDIT, {block_id("amount"): "150"}, replaced)
        await self._until(ts, replaced, "card with the new values")

    async def _by_modal(
        self, ts: str, who: str, action: str, values: Mapping[str, object], over: Callable[[], bool]
    ) -> None:
        """Open the modal and submit it, again for as long as the one or the other is not heard."""
        while not over():
            await self._until(ts, lambda: over() or bool(self.cards(ts, action)), f"button {action!r}")
            if over() or not (asking := self.cards(ts, action)):
                continue
            if not await self._click(ts, who, asking[-1], action):
                continue
            try:
                await self.slack.wait_for(lambda: self.slack.ui.open_view(who), 4)
                sent = await self.slack.ui.submit_view(who, values=values)
            except (TimeoutError, Refused):
                continue
            if sent["ok"]:
                return
            if sent.get("errors"):  # it says why it is too late
                await self.slack.ui.close_view(who)
                await asyncio.sleep(0.3)

    async def _undo(self, ts: str, number: int) -> None:
        def over() -> bool:
            return any("Undone by" in everything(m) or "The undo did not run" in everything(m) for m in self.ours(ts))

        if not self.cards(ts, ActionId.UNDO):
            await asyncio.sleep(1)  # the card is redrawn after the answer; a dropped or refused call has no Undo
        if not self.cards(ts, ActionId.UNDO) and not await self._offered(ts, number):
            return
        await self._press(ts, "U0DANA", ActionId.UNDO, over)
        await self._until(ts, lambda: over() or bool(self.cards(ts, ActionId.DROP_IT)), "end of the undo")
        await self._until(ts, lambda: over() or not self.cards(ts, ActionId.DROP_IT), "end of the undo's doubt")

    async def _offered(self, ts: str, number: int) -> bool:
        """Whether Undo comes: it does when a call of this thread ran."""
        if not any(count for (_, whose, _), count in self.till.done.items() if whose == number):
            return False
        await self._until(ts, lambda: bool(self.cards(ts, ActionId.UNDO)), "Undo")
        return True

    async def _end_doubts(self, ts: str, thread: Thread) -> None:
        """Somebody who looks at the till and says what is so there."""
        while True:
            [card, *_] = await self._soon(lambda: self.cards(ts, ActionId.DROP_IT))
            proposal = _proposal(card, ActionId.DROP_IT)
            named = re.match(r"Do (\w+) ", str(card["text"]))
            assert named is not None
            took = self.till.times(named[1], thread.number) > 0
            action = ActionId.IT_HAPPENED if took else ActionId.DROP_IT if thread.drops else ActionId.RUN_IT
            if action is ActionId.RUN_IT and thread.story not in (Story.APPROVE, Story.QUORUM, Story.EDIT):
                action = ActionId.DROP_IT
            while not self._doubt_over(ts, proposal):  # a press that Slack says was not heard may have been
                if await self._click(ts, APPROVERS[0], card, action):  # not who edited: that person vouches for it
                    await self._soon(partial(self._doubt_over, ts, proposal))
            if action is ActionId.RUN_IT:
                await self._approve(ts, lambda: False, count=3 if thread.story is Story.QUORUM else 1)

    def _doubt_over(self, ts: str, proposal: str) -> bool:
        return not any(_proposal(m, ActionId.DROP_IT) == proposal for m in self.cards(ts, ActionId.DROP_IT))

    # --- what they see ------------------------------------------------------------------------------------

    def ours(self, ts: str) -> list[Message]:
        """The bot's messages of a thread."""
        return [m for m in self.slack.ui.messages(CHANNEL, thread_ts=ts) if m.get("bot_id")]

    def cards(self, ts: str, action: str) -> list[Message]:
        """Its cards that have this button."""
        return [m for m in self.ours(ts) if action in action_ids(m)]

    async def _soon(self, look: Callable[[], Any]) -> Any:
        return await self.slack.wait_for(look, 600)

    async def _until(self, ts: str, look: Callable[[], bool], what: str) -> None:
        try:
            await self.slack.wait_for(look, PATIENCE)
        except TimeoutError:
            seen = "\n".join(everything(m)[:400] for m in self.ours(ts))
            raise Stuck(f"no {what} in {PATIENCE:.0f} s; the thread holds:\n{seen}") from None


def _proposal(card: Message, action: str) -> str:
    """The proposal that a button of this card is about."""
    for block in card.get("blocks", ()):
        for element in block.get("elements", ()):
            if isinstance(element, dict) and element.get("action_id") == action:
                return str(element.get("value", "")).partition(".")[0]
    return ""
