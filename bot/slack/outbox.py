"""The outbox: brings every message of ours to what storage says, once. The one place that posts cards and notices."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import sqlalchemy as sa
import structlog
from slack_sdk.errors import SlackApiError

from bot.lifecycle import days
from bot.slack.cards.blocks import Card
from bot.slack.faults import HOPELESS, Fault, classify
from bot.slack.looks import Looks, is_stale, look
from bot.slack.thread import ThreadMessage, read_channel, read_thread
from bot.slack.whispers import whisper
from bot.slack.workspaces import Workspaces
from policy.people import CannotAsk
from storage import homes, posts
from storage.db import Database
from storage.errors import LOST_DATABASE, LostRace, StorageError
from storage.ids import new_id
from storage.records import Post, PostKind
from tools.errors import ToolError

BEATS = 4
"""heartbeats in one lease: a slow send stays ours, a dead sender's message is free after one lease"""
POLL = 1.0
AT_ONCE = 32
"""messages taken up together: most of them wait for their turn at Slack, and none waits for another"""
CARDS_AT_ONCE = 64
"""shown cards taken up beside them, so that no crowd of other messages keeps stale buttons in place"""
GATHER = 0.1
"""seconds between two looks for what is behind: a card whose call runs and ends at once is drawn once, not thrice"""
LONGEST_LULL = 2.0
"""seconds that cards wait at most for approved calls to begin; a stale one is replaced within five"""
SETTLE = 2.0
"""seconds before we look for a message that another send began: it may still be on its way into Slack"""
MOST_REFUSALS = 20
_log = structlog.get_logger(__name__)


def is_person(channel: str) -> bool:
    """Whether this address is a person: what is sent there goes to the direct message with them."""
    return channel[:1] in ("U", "W")


Draw = Callable[[Post], Awaitable[Card | None]]


@dataclass
class Outbox:
    """Sends what is behind. Any number of replicas may run one."""

    db: Database
    workspaces: Workspaces
    draw: Draw
    """a post → the card that shows it now; None: nothing to show"""
    lease: float = 12.0
    """seconds after which a dead sender's message is somebody else's to send"""
    name: str = field(default_factory=lambda: new_id("o"))
    _direct: dict[tuple[str, str], str] = field(default_factory=dict)
    """(workspace, person) → the conversation with them"""
    _sending: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _cards: set[str] = field(default_factory=set)
    """those of them that update a card"""
    _looks: Looks = field(default_factory=Looks)

    async def run(self) -> None:
        """Send until cancelled."""
        wake = self.db.wakes.of(posts.WAKE)
        beating = asyncio.create_task(self._beat())
        try:
            while True:
                await self.db.precedence.lull(LONGEST_LULL)
                wake.clear()
                try:
                    taken = await self._take_up()
                except LOST_DATABASE as error:
                    _log.warning("the outbox cannot reach the database; trying again", why=type(error).__name__)
                    taken = {}
                await asyncio.sleep(GATHER if taken else 0)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await wake.wait()
        finally:
            beating.cancel()
            await self._break_off()

    async def flush(self) -> int:
        """Send what is behind now; how many were taken up.

        Raises:
            sqlalchemy.exc.DBAPIError, OSError: the database cannot be reached.
        """
        try:
            taken = await self._take_up()
            await asyncio.gather(*taken.values())
        finally:
            await self._break_off()
        return len(taken)

    async def _take_up(self) -> dict[str, asyncio.Task[None]]:
        """Begin to send what is behind, as much as there is room for; shown cards have room of their own."""
        free = AT_ONCE - (len(self._sending) - len(self._cards))
        for_cards = CARDS_AT_ONCE - len(self._cards)
        claimed: list[Post] = []
        if free <= 0 and for_cards <= 0:
            return {}
        async with self.db.write() as tx:
            if free > 0:
                claimed = await posts.claim(tx, owner=self.name, lease=self.lease, limit=free)
            if len(claimed) >= free and for_cards > 0:  # there may be more, and it may be a card
                claimed += await posts.claim(tx, owner=self.name, lease=self.lease, limit=for_cards, cards=True)
        # One of ours whose lease a clock ran out while we send it: the claim has held it for us, and that is all.
        new = [post for post in claimed if post.id not in self._sending]
        taken = {post.id: asyncio.create_task(self._send(post)) for post in new}
        self._cards.update(post.id for post in new if post.kind is PostKind.CARD and post.ts is not None)
        for post_id, task in taken.items():
            self._sending[post_id] = task
            task.add_done_callback(lambda ended, i=post_id: self._ended(i, ended))  # type: ignore[misc]
        return taken

    def _ended(self, post_id: str, task: asyncio.Task[None]) -> None:
        if self._sending.get(post_id) is task:
            full = len(self._cards) >= CARDS_AT_ONCE or len(self._sending) - len(self._cards) >= AT_ONCE
            del self._sending[post_id]
            self._cards.discard(post_id)
            if full:  # there was no room to look before
                self.db.wakes.ring(posts.WAKE)
        if task.cancelled() or (error := task.exception()) is None:
            return
        # Either way its lease lapses, and then it is tried again.
        if isinstance(error, LOST_DATABASE):
            _log.warning("the outbox cannot reach the database; trying again", why=type(error).__name__)
        else:
            _log.error("a message of ours could not be sent", post=post_id, exc_info=error)

    async def _break_off(self) -> None:
        sending = list(self._sending.values())
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _beat(self) -> None:
        """Keep the leases of what is being sent; a send whose lease may be another's by now is broken off."""
        until = time.monotonic() + self.lease
        while True:
            await asyncio.sleep(self.lease / BEATS)
            asked, sending = time.monotonic(), dict(self._sending)
            if not sending:
                until = asked + self.lease
                continue
            try:
                async with asyncio.timeout(self.lease / BEATS), self.db.write() as tx:
                    still = await posts.hold(tx, owner=self.name, ids=list(sending), lease=self.lease)
                until = asked + self.lease
            except (sa.exc.DBAPIError, OSError, TimeoutError):
                still = set(sending) if time.monotonic() < until else set()
            for post_id, task in sending.items():
                if post_id not in still:
                    task.cancel()

    async def _send(self, post: Post) -> None:
        try:
            ts = await self._show(post)
        except SlackApiError as error:
            await self._failed(
                post, str(error.response["error"]), _fault(error), error.response.headers.get("Retry-After")
            )
        except CannotAsk as error:
            _log.warning("a card waits until it can be said who is who", post=post.id, why=str(error))
            await self._failed(post, "cannot ask who is who", Fault.NOT_SENT, None)
        except LostRace as lost:
            _log.info("another replica sends this message now", why=str(lost))
        except (StorageError, ToolError) as error:
            _log.error("a message of ours cannot be drawn", post=post.id, why=str(error))
            await self._failed(post, "cannot be drawn", None, None)
        except (aiohttp.ClientError, OSError, TimeoutError, RuntimeError) as error:
            await self._failed(post, type(error).__name__, Fault.UNKNOWN, None)
        else:
            with contextlib.suppress(LostRace):
                async with self.db.write() as tx:
                    newest = await posts.sent(tx, post, ts, owner=self.name)
                    if post.ts is None and post.kind is PostKind.CARD:  # Home links to it, and so may a sentence
                        await homes.outdated(tx, post.tenant)
                        await posts.refresh(tx, post.tenant, days.pointer_of(post.subject))
                if not newest:  # more was wanted of it meanwhile
                    self.db.wakes.ring(posts.WAKE)

    async def _show(self, post: Post) -> str | None:
        """Post or update the message; its ts. A first send that may have happened is looked for, not repeated."""
        if post.kind is PostKind.CONSENT:
            asked = await self.draw(post) if post.ts is None else None
            return await whisper(self.workspaces.client(post.tenant), post, asked) if asked is not None else post.ts
        if post.ts is None and post.sending:
            await self._let_it_arrive()
            post_ts = await self._find(post)
            if post_ts is not None:
                return await self._update(post, post_ts)
        if post.ts is not None:
            return await self._update(post, post.ts)
        channel = await self._place(post)
        async with self.workspaces.pace(post.tenant).slot("chat.postMessage", channel):
            card = await self.draw(post)  # after the wait, so that nothing is said that is no longer so
            if card is None:
                return post.ts
            began = time.monotonic()
            async with self.db.write() as tx:
                await posts.about_to_send(tx, post, owner=self.name, lease=self.lease)
            if time.monotonic() - began >= self.lease:  # we slept: somebody else may be looking for it already
                raise LostRace("post", post.id)
            answer = await self.workspaces.client(post.tenant).chat_postMessage(
                channel=channel,
                thread_ts=post.thread_ts or None,
                text=card.text,
                blocks=list(card.blocks),
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": "autopilot_post", "event_payload": {"id": post.id}},
            )
        self._looks.remember(post, card)
        return str(answer["ts"])

    async def _update(self, post: Post, ts: str) -> str:
        card = await self.draw(post)
        shows = self._looks.take(post)
        if card is None:
            return ts
        if post.attempt == 1 and shows is not None and shows.digest == look(post, card).digest:
            self._looks.remember(post, card)
            return ts  # it shows that already: a call saved is a turn for a card that does not
        stale = is_stale(post, shows)
        channel, pace = await self._place(post), self.workspaces.pace(post.tenant)
        waits = not pace.idle("chat.update", channel, first=stale)
        async with pace.slot("chat.update", channel, first=stale):
            if waits:
                card = await self.draw(post) or card
            await self.workspaces.client(post.tenant).chat_update(
                channel=channel,
                ts=ts,
                text=card.text,
                blocks=list(card.blocks),
                metadata={"event_type": "autopilot_post", "event_payload": {"id": post.id}},
            )
        self._looks.remember(post, card)
        return ts

    async def _let_it_arrive(self) -> None:
        await asyncio.sleep(SETTLE)

    async def _find(self, post: Post) -> str | None:
        messages: list[ThreadMessage]
        client = self.workspaces.client(post.tenant)
        if post.thread_ts:
            messages = await read_thread(client, post.channel, post.thread_ts, since=post.created_at)
        else:
            messages = await read_channel(client, await self._place(post), post.created_at)
        return next((m.ts for m in messages if m.post_id() == post.id), None)

    async def _place(self, post: Post) -> str:
        """The conversation a post goes to; one that is addressed to a person goes to the direct message with them."""
        if not is_person(post.channel):
            return post.channel
        whom = (post.tenant, post.channel)
        if whom not in self._direct:
            answer = await self.workspaces.client(post.tenant).conversations_open(users=post.channel)
            self._direct[whom] = str(answer["channel"]["id"])
        return self._direct[whom]

    async def _failed(self, post: Post, error: str, fault: Fault | None, retry_after: str | None) -> None:
        """Try again later; what Slack refuses again and again is given up, what it only cannot do now never is."""
        passing = fault in (Fault.RATE_LIMITED, Fault.NOT_SENT, Fault.UNKNOWN)
        with contextlib.suppress(LostRace):
            if error in HOPELESS or (post.attempt >= MOST_REFUSALS and not passing):
                _log.warning("a message of ours is given up", post=post.id, kind=post.kind, why=error)
                async with self.db.write() as tx:
                    await posts.give_up(tx, post, error, owner=self.name)
                return
            delay = float(retry_after) if retry_after else min(60.0, 0.5 * 2 ** min(post.attempt, 7))
            async with self.db.write() as tx:
                await posts.put_off(tx, post, delay, owner=self.name)


def _fault(error: Exception) -> Fault | None:
    failure = classify(error)
    return failure.fault if failure is not None else None
