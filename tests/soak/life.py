"""What people do in the soaked workspace, and what came of it, as they can read it."""

import asyncio
import contextlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.commands.bench.switchboard import Switchboard
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.wire import Refused
from tests.slack.reading import unread
from tests.soak.brain import text_of

BOT = "U0PILOT"
CHANNELS = ("C0INCIDENTS", "C0OPS", "C0SAFETY", "C0SUPPORT", "C0GROWTH", "C0DATA")
PEOPLE = ("U0ANA", "U0SAM", "U0NOOR", "U0KIM", "U0RILEY")
APPROVER = "U0DANA"
PAUSE = 2.5
"""seconds between two things people do, on average: below what Slack's limits let through"""

Message = Mapping[str, Any]


@dataclass(kw_only=True)
class Asked:
    """One request."""

    number: int
    channel: str
    thread: str
    switch: bool
    at: float
    stopped: bool = False
    approved: bool = False


@dataclass
class Counting(dict[int, float]):
    """Notes when a switch was set, and how often."""

    times: dict[int, int] = field(default_factory=dict)

    def __setitem__(self, number: int, at: float) -> None:
        self.times[number] = self.times.get(number, 0) + 1
        super().__setitem__(number, at)


@dataclass
class Life:
    """People at work."""

    slack: LocalSlack
    board: Switchboard
    dice: random.Random
    asked: list[Asked] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    async def live(self, seconds: float) -> None:
        """Do things until the time is over."""
        until = time.monotonic() + seconds
        approving = asyncio.create_task(self._approve())
        try:
            while time.monotonic() < until:
                what = self.dice.choices(
                    [self._tell, self._switch, self._stop, self._home, self._command, self._chat, self._reconnect],
                    weights=[46, 12, 6, 8, 10, 14, 4],
                )[0]
                with contextlib.suppress(Refused):
                    await what()
                    self._count(what.__name__.strip("_"))
                await asyncio.sleep(self.dice.uniform(0.2, 2 * PAUSE))
        finally:
            approving.cancel()

    def _count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    async def _tell(self) -> None:
        await self._ask("tell me", switch=False)

    async def _switch(self) -> None:
        await self._ask("set switch", switch=True)

    async def _ask(self, words: str, *, switch: bool) -> None:
        number, channel = len(self.asked) + 1, self.dice.choice(CHANNELS)
        who = self.dice.choice(PEOPLE)
        sent = await self.slack.ui.send(who, channel, f"@autopilot {words} {number}")
        self.asked.append(
            Asked(number=number, channel=channel, thread=str(sent["ts"]), switch=switch, at=time.monotonic())
        )

    async def _stop(self) -> None:
        recent = [one for one in self.asked[-3:] if not one.switch and time.monotonic() - one.at < 10]
        if recent:
            one = self.dice.choice(recent)
            await self.slack.ui.send(PEOPLE[0], one.channel, "@autopilot stop", thread_ts=one.thread)
            one.stopped = True

    async def _home(self) -> None:
        await self.slack.ui.home(self.dice.choice((*PEOPLE, APPROVER)), "home")

    async def _command(self) -> None:
        word = self.dice.choice(["status", "tasks", "approvals", "help"])
        await self.slack.ui.command(self.dice.choice(PEOPLE), self.dice.choice(CHANNELS), "/autopilot", word)

    async def _chat(self) -> None:
        await self.slack.ui.send(self.dice.choice(PEOPLE), self.dice.choice(CHANNELS), "just talking among ourselves")

    async def _reconnect(self) -> None:
        """Slack takes one connection back, as it does every few hours."""
        await self.slack.sockets.disconnect("refresh_requested", only_one=True)

    async def _approve(self) -> None:
        """Press Approve on every card that asks, until it is counted: a click that gets no ack is pressed again."""
        while True:
            for one in [one for one in self.asked if one.switch and not self.board.set_at.get(one.number)]:
                card = next((m for m in self.messages(one) if "proposal.approve" in str(m.get("blocks"))), None)
                if card is None:
                    continue
                with contextlib.suppress(Refused):
                    pressed = await self.slack.ui.click(APPROVER, one.channel, str(card["ts"]), "proposal.approve")
                    one.approved = one.approved or bool(pressed.get("ok"))
                    self._count("approve")
            await asyncio.sleep(5.0)

    async def show_all(self) -> None:
        """Press every Show more there is, and those that come with what it shows."""
        pressed: set[tuple[str, str]] = set()
        while waiting := self._folded() - pressed:
            for channel, ts in sorted(waiting):
                await self.slack.ui.click(APPROVER, channel, ts, "answer.more")
            pressed |= waiting
            await asyncio.sleep(5.0)

    def _folded(self) -> set[tuple[str, str]]:
        every = ((one.channel, m) for one in self.asked for m in self.messages(one))
        return {(channel, str(m["ts"])) for channel, m in every if "answer.more" in str(m.get("blocks"))}

    # --- what people read --------------------------------------------------------------------------------------

    def messages(self, one: Asked) -> list[Message]:
        """The bot's messages in a request's thread."""
        return [m for m in self.slack.ui.messages(one.channel, thread_ts=one.thread) if m.get("user") == BOT]

    def troubles(self) -> list[str]:
        """Every answer that is not there once, whole and in order; every switch that was not set exactly once."""
        found = []
        for one in self.asked:
            try:
                left = unread(text_of(one.number), [words(m) for m in self.messages(one) if words(m)])
            except AssertionError as wrong:
                found.append(f"{one.number}: {str(wrong)[:300]}")
                continue
            if left.strip() and not one.stopped:
                found.append(f"{one.number}: {len(left)} characters never arrived")
            for m in self.messages(one):
                if m.get("streaming"):
                    found.append(f"{one.number}: still streams {words(m)[:80]!r}")
                elif _empty(m):
                    found.append(f"{one.number}: an empty message stands in the thread")
            if one.switch and (times := getattr(self.board.set_at, "times", {}).get(one.number, 0)) != 1:
                found.append(f"switch {one.number} was set {times} times")
        return found


def words(message: Message) -> str:
    """The Markdown of a message, as it was streamed or set."""
    if message.get("stream"):
        return str(message["stream"]["text"])
    return "".join(str(block["text"]) for block in message.get("blocks") or () if block["type"] == "markdown")


def _empty(message: Message) -> bool:
    """Whether nobody can read anything in it: no words, no step, no card."""
    steps = (message.get("stream") or {}).get("tasks")
    return (
        not words(message).strip() and not steps and not message.get("blocks") and message["text"].strip() in ("", "…")
    )
