"""A real bolt app over a real WebSocket: who gets what, how often, and what an ack is worth."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.demo.slack.server import LocalSlack
from bot.demo.slack.traffic import Entry
from tests.demo.slack.conftest import ConnectApp, a_bolt_app

Json = dict[str, Any]


def acked(slack: LocalSlack, name: str) -> list[Entry]:
    return [entry for entry in slack.log.find(kind="event", name=name) if entry.answer["acked"]]


def tried(slack: LocalSlack, times: int) -> bool:
    return len(slack.log.find(kind="event")) == times


async def test_a_mention_arrives_twice_with_different_event_ids(
    slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp
) -> None:
    bodies: list[Json] = []

    @bolt.event("app_mention")
    async def mentioned(body: Json) -> None:
        bodies.append(body)

    @bolt.event("message")
    async def written(body: Json) -> None:
        bodies.append(body)

    await connect(bolt)
    sent = await slack.ui.send("U0ANA", "incidents", "@autopilot what is wrong?")
    await slack.wait_for(lambda: acked(slack, "message") and acked(slack, "app_mention"))
    assert sorted(body["event"]["type"] for body in bodies) == ["app_mention", "message"]
    assert {body["event"]["ts"] for body in bodies} == {sent["ts"]}
    assert len({body["event_id"] for body in bodies}) == 2
    assert bodies[0]["event"]["text"] == "<@U0PILOT> what is wrong?"


async def test_the_bot_hears_its_own_messages(slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp) -> None:
    await connect(bolt)
    await bolt.client.chat_postMessage(channel="C0OPS", text="hello")
    (payload,) = slack.delivery.sent.values()
    assert (payload["event"]["type"], payload["event"]["bot_id"]) == ("message", "B0PILOT")


async def test_events_the_app_did_not_subscribe_to_stay_away(slack: LocalSlack) -> None:
    message = await slack.ui.send("U0ANA", "ops", "hi")
    await slack.ui.react("U0ANA", "ops", message["ts"], "eyes")
    await slack.ui.react("U0ANA", "ops", message["ts"], "eyes", remove=True)
    assert [p["event"]["type"] for p in slack.delivery.sent.values()] == ["message", "reaction_added"]


async def test_an_event_without_an_ack_is_sent_again_at_once_after_one_minute_and_after_five(
    slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp
) -> None:
    attempts: list[tuple[str, str]] = []
    arrived = asyncio.Event()

    @bolt.middleware
    async def never_acks(req: Any) -> None:
        attempts.append((req.headers["x-slack-retry-num"][0], req.headers["x-slack-retry-reason"][0]))
        arrived.set()

    await connect(bolt)
    await slack.ui.send("U0ANA", "D0ANA", "hello")
    for number, delay in enumerate((0, 60, 300, 0), start=1):
        await asyncio.wait_for(arrived.wait(), 5)
        arrived.clear()
        slack.clock.advance(3)
        await slack.wait_for(partial(tried, slack, number))
        slack.clock.advance(delay)
    assert attempts == [("0", ""), ("1", "timeout"), ("2", "timeout"), ("3", "timeout")]
    assert [entry.answer["acked"] for entry in slack.log.find(kind="event")] == [False] * 4


def _keeps_texts(inbox: list[str]) -> Callable[..., Awaitable[None]]:
    async def written(ack: Any, event: Json) -> None:
        inbox.append(event["text"])
        await ack()

    return written


async def test_each_payload_goes_to_one_of_the_connections(slack: LocalSlack, connect: ConnectApp) -> None:
    seen: list[list[str]] = [[], []]
    for inbox in seen:
        app = a_bolt_app(slack)
        app.event("message")(_keeps_texts(inbox))
        await connect(app)
    for number in range(4):
        await slack.ui.send("U0ANA", "D0ANA", f"m{number}")
    await slack.wait_for(lambda: len(acked(slack, "message")) == 4)
    assert [len(inbox) for inbox in seen] == [2, 2]
    assert sorted(seen[0] + seen[1]) == ["m0", "m1", "m2", "m3"]


@pytest.mark.parametrize("close", [False, True])
async def test_after_a_disconnect_frame_the_app_comes_back(
    slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp, close: bool
) -> None:
    await connect(bolt)
    (first,) = slack.sockets.connections
    await slack.sockets.disconnect(close=close)
    await slack.wait_for(lambda: slack.sockets.connections and first not in slack.sockets.connections)


async def test_a_connection_that_dies_before_its_ack_makes_the_event_come_again(
    slack: LocalSlack, bolt: AsyncApp, connect: ConnectApp
) -> None:
    arrived, attempts = asyncio.Event(), []

    @bolt.middleware
    async def dies_first(req: Any, next: Any) -> None:
        attempts.append(req.headers["x-slack-retry-num"][0])
        arrived.set()
        if len(attempts) > 1:
            await next()

    @bolt.event("message")
    async def written() -> None:
        pass

    slack.delivery.retry_delays = (30.0,)
    await connect(bolt)
    (first,) = slack.sockets.connections
    await slack.ui.send("U0ANA", "D0ANA", "hello")
    await asyncio.wait_for(arrived.wait(), 5)
    await slack.sockets.cut()
    await slack.wait_for(lambda: slack.sockets.connections and first not in slack.sockets.connections)
    slack.clock.advance(30)
    await slack.wait_for(lambda: acked(slack, "message"))
    assert attempts == ["0", "1"]


async def test_both_home_tabs_are_told_apart(slack: LocalSlack) -> None:
    await slack.ui.home("U0ANA", "home")
    await slack.ui.home("U0ANA", "messages")
    events = [payload["event"] for payload in slack.delivery.sent.values()]
    assert [(e["type"], e["tab"], e["channel"]) for e in events] == [
        ("app_home_opened", "home", "D0ANA"),
        ("app_home_opened", "messages", "D0ANA"),
    ]
