"""The outbox against the real local Slack: slow answers, lost answers, long threads, outages, two replicas."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from bot.demo.run import MANIFEST
from bot.demo.slack import app_config
from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.traffic import Entry
from bot.slack.cards.blocks import Card
from bot.slack.client import SlackClients
from bot.slack.drawing import notice_card
from bot.slack.outbox import MOST_REFUSALS, Outbox
from bot.slack.workspaces import OneWorkspace, Workspace
from storage import posts
from storage.db import Database, Tx
from storage.records import Post, PostKind
from storage.tables import posts as posts_table
from tests.scenarios.world import ANA, INCIDENTS

TENANT = "T0ACME"


@dataclass(kw_only=True)
class PostOffice:
    """A thread that a notice is to be posted in."""

    db: Database
    slack: LocalSlack
    clients: SlackClients
    thread: str
    drawn: asyncio.Event = field(default_factory=asyncio.Event)

    def outbox(self, *, lease: float = 12.0) -> Outbox:
        async def draw(post: Post) -> Card:
            async with self.db.read() as tx:
                [now] = await posts.showing(tx, TENANT, post.subject)
            self.drawn.set()
            return notice_card(now)

        client = self.clients.client(self.slack.bot_token)
        one = OneWorkspace(workspace=Workspace(tenant=TENANT, bot_user="U0PILOT"), one=client, stream=client)
        return Outbox(db=self.db, workspaces=one, draw=draw, lease=lease)

    async def want(self, text: str = "the notice", *, subject: str = "n") -> None:
        async with self.db.write() as tx:
            await posts.want(
                tx,
                tenant=TENANT,
                kind=PostKind.NOTICE,
                subject=subject,
                channel=INCIDENTS,
                thread_ts=self.thread,
                body={"text": text},
            )

    def posted(self) -> list[str]:
        found = self.slack.ui.messages(INCIDENTS, as_=ANA, thread_ts=self.thread)
        return [str(m["text"]) for m in found if m.get("bot_id")]

    async def row(self) -> Post:
        async with self.db.read() as tx:
            [post] = await posts.showing(tx, TENANT, "n")
        return post

    async def change(self, **columns: object) -> None:
        async with self.db.write() as tx:
            await tx.run(sa.update(posts_table).values(**columns))


@pytest.fixture
async def office(db: Database) -> AsyncIterator[PostOffice]:
    slack = LocalSlack(app_config=app_config.from_manifest(MANIFEST))
    async with slack.serve():
        clients = SlackClients(base_url=slack.api_url)
        thread = str((await slack.ui.send(ANA, INCIDENTS, "hello"))["ts"])
        yield PostOffice(db=db, slack=slack, clients=clients, thread=thread)
        await clients.close()


@contextlib.asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[None]:
    """The outbox at work until the block ends."""
    work = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_send_slower_than_its_lease_is_not_sent_by_another_replica_too(office: PostOffice) -> None:
    """Slack asks the first sender to come back in 3 s; its lease of 1 s is held by heartbeat meanwhile."""
    held = office.slack.faults.add(FaultKind.RATE_LIMIT, "chat.postMessage", nth=1, retry_after=3)
    await office.want()
    async with running(office.outbox(lease=1.0)):
        await office.slack.wait_for(held.reached.is_set)
        async with running(office.outbox(lease=1.0)):
            await office.slack.wait_for(office.posted)
    assert office.posted() == ["the notice"]
    refused, taken = office.slack.log.calls("chat.postMessage")
    assert taken.at - refused.at >= 3, "the other replica sent it while the first one still meant to"


async def test_a_lease_that_a_clock_ran_out_does_not_make_one_sender_two(office: PostOffice) -> None:
    """The clock of an SQLite bot is set forward while its send waits for Slack: it takes the post up a second time."""
    held = office.slack.faults.add(FaultKind.RATE_LIMIT, "chat.postMessage", nth=1, retry_after=5)
    await office.want()
    async with running(office.outbox(lease=60.0)):
        await office.slack.wait_for(held.reached.is_set)
        await office.change(lease_until=1.0)
        office.db.wakes.ring(posts.WAKE)
        await office.slack.wait_for(office.posted)
    assert office.posted() == ["the notice"]
    refused, taken = office.slack.log.calls("chat.postMessage")
    assert taken.at - refused.at >= 5, "sent by a second sender while the first one still meant to"


async def test_what_a_killed_sender_had_on_its_way_is_waited_for(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its request lies in Slack's socket when it dies; on SQLite the restarted bot takes its message up at once."""
    await office.want()
    await office.change(sending=True)
    client = office.clients.client(office.slack.bot_token)

    async def arrives(_outbox: Outbox) -> None:
        about = {"event_type": "autopilot_post", "event_payload": {"id": (await office.row()).id}}
        await client.chat_postMessage(channel=INCIDENTS, thread_ts=office.thread, text="the notice", metadata=about)

    monkeypatch.setattr(Outbox, "_let_it_arrive", arrives)
    await office.outbox().flush()
    assert office.posted() == ["the notice"]


async def test_a_sender_that_slept_past_its_lease_right_before_it_sends_does_not(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another has looked for the message by then, and did not find it."""
    await office.want()
    note = posts.about_to_send

    async def slow(tx: Tx, post: Post, *, owner: str, lease: float) -> None:
        await note(tx, post, owner=owner, lease=lease)
        time.sleep(lease)  # noqa: ASYNC251 - a stopped process does nothing else meanwhile either

    with monkeypatch.context() as patched:
        patched.setattr(posts, "about_to_send", slow)
        await office.outbox(lease=0.2).flush()
    assert office.slack.log.calls("chat.postMessage") == []
    assert (await office.row()).sending
    async with running(office.outbox()):
        await office.slack.wait_for(office.posted, 30)
    assert office.posted() == ["the notice"]


async def test_a_message_whose_answer_was_lost_is_found_in_a_thread_of_hundreds(office: PostOffice) -> None:
    """It stands behind more messages than one page of Slack's answer holds."""
    lost = office.slack.faults.add(FaultKind.DROP_AFTER, "chat.postMessage", nth=1)
    for number in range(250):
        await office.slack.ui.send(ANA, INCIDENTS, f"me too {number}", thread_ts=office.thread)
    await office.want()
    outbox = office.outbox()
    await outbox.flush()
    assert lost.struck == 1
    await office.change(due_at=0)
    await outbox.flush()
    assert office.posted() == ["the notice"]
    assert (await office.row()).shown == (await office.row()).wanted


async def test_a_long_outage_of_slack_gives_nothing_up(office: PostOffice) -> None:
    """However often it was tried: what Slack cannot take now is sent when it can; what it refuses for good is not."""
    office.slack.faults.add(FaultKind.ERROR, "chat.postMessage", nth=1, error="internal_error")
    await office.want()
    await office.change(attempt=10 * MOST_REFUSALS)
    outbox = office.outbox()
    await outbox.flush()
    assert office.posted() == []
    await office.change(due_at=0)
    await outbox.flush()
    assert office.posted() == ["the notice"]


async def test_a_refusal_that_stays_is_given_up(office: PostOffice) -> None:
    """So that one broken message does not knock for ever."""
    office.slack.faults.add(FaultKind.ERROR, "chat.postMessage", error="invalid_blocks")
    await office.want()
    await office.change(attempt=MOST_REFUSALS)
    await office.outbox().flush()
    post = await office.row()
    assert (post.shown, post.body["gave_up"]) == (post.wanted, "invalid_blocks")


async def test_a_sender_that_lost_its_lease_does_not_overwrite_what_the_other_noted(office: PostOffice) -> None:
    """Its late answer changes nothing about the post."""
    hold = office.slack.faults.hold("chat.postMessage", after=True)
    await office.want()
    sending = asyncio.create_task(office.outbox().flush())
    await office.slack.wait_for(hold.reached.is_set)
    await office.change(lease_until=0)
    await office.outbox().flush()
    taken = await office.row()
    hold.release()
    await sending
    assert await office.row() == taken
    assert office.posted() == ["the notice"]


async def test_two_wishes_at_once_for_a_new_message_are_one_message(office: PostOffice) -> None:
    """Both transactions find nothing yet and insert; neither fails, and the newest words stand."""
    await asyncio.gather(*(office.want(f"words {n}") for n in range(4)))
    await office.outbox().flush()
    assert len(office.posted()) == 1
    assert (await office.row()).wanted == 4


async def test_what_looks_the_same_costs_no_call_unless_somebody_pressed_it(office: PostOffice) -> None:
    """Calls are few (49 a minute): they are for cards that changed. A pressed card is sent again all the same."""
    outbox = office.outbox()
    await office.want("as it is")
    await outbox.flush()
    await office.want("as it is")
    await outbox.flush()
    assert (await office.row()).shown == (await office.row()).wanted
    assert not office.slack.log.calls("chat.update")
    await office.change(shown=0, wanted=posts_table.c.wanted + 1)  # as a press does
    await outbox.flush()
    assert len(office.slack.log.calls("chat.update")) == 1
    await office.want("as it is")
    await office.outbox().flush()  # another replica, which cannot know what it looks like
    await office.want("as it is")
    await outbox.flush()  # and now we cannot know either
    await office.want("otherwise")
    await outbox.flush()
    assert len(office.slack.log.calls("chat.update")) == 4
    assert office.posted() == ["otherwise"]


async def test_a_card_that_waits_for_its_turn_shows_what_is_so_when_it_comes(office: PostOffice) -> None:
    """And what waits holds up nothing else: a new message is posted meanwhile."""
    outbox = office.outbox()
    await office.want("first")
    await outbox.flush()
    outbox.workspaces.pace(TENANT).hold("chat.update", INCIDENTS, 3)
    office.drawn.clear()
    async with running(outbox):
        await office.want("second")
        await office.drawn.wait()
        await office.want("third")
        await office.want("the other", subject="m")
        await office.slack.wait_for(lambda: office.posted() == ["first", "the other"])
        await office.slack.wait_for(lambda: office.posted() == ["third", "the other"])
    [update] = office.slack.log.calls("chat.update")
    assert "third" in str(update.body)


async def test_a_card_is_not_held_up_by_more_other_messages_than_are_sent_at_once(office: PostOffice) -> None:
    """Forty of them wait for their turn: none of them has buttons, the card has."""
    client = office.clients.client(office.slack.bot_token)
    office.slack.office.limits.on = False
    sent = [str((await client.chat_postMessage(channel=INCIDENTS, text=str(n)))["ts"]) for n in range(41)]
    office.slack.office.limits.on = True

    def updates() -> list[Entry]:
        return office.slack.log.calls("chat.update")

    async with running(office.outbox()):
        for number, ts in enumerate(sent[:-1]):
            async with office.db.write() as tx:
                await _changed(tx, PostKind.NOTICE, f"n{number}", ts)
        await office.slack.wait_for(updates)
        async with office.db.write() as tx:
            await _changed(tx, PostKind.CARD, "card", sent[-1])
        await office.slack.wait_for(lambda: any(sent[-1] in str(one.body) for one in updates()), 10)
    assert len(updates()) < 20


async def _changed(tx: Tx, kind: PostKind, subject: str, ts: str) -> None:
    at = {"tenant": TENANT, "subject": subject, "channel": INCIDENTS, "ts": ts}
    await posts.want(tx, kind=kind, body={"text": "changed"}, **at)
