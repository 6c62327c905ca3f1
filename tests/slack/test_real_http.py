"""The stream writer and the shared client against the local Slack, over real HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from bot.slack.client import SlackClients
from bot.slack.opening import Mode
from bot.slack.pacing import Pace
from bot.slack.streaming import StreamWriter


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack().serve() as slack:
        yield slack


@pytest.fixture
async def clients(slack: LocalSlack) -> AsyncIterator[SlackClients]:
    clients = SlackClients(base_url=slack.api_url)
    yield clients
    await clients.close()


async def a_writer(slack: LocalSlack, clients: SlackClients, stored: list[str]) -> tuple[str, StreamWriter]:
    """The thread Ana opened, and a writer that answers in it."""

    async def store(ts: str) -> None:
        stored.append(ts)

    root = await slack.ui.send("U0ANA", "ops", "please look")
    writer = StreamWriter(
        clients.stream_client(slack.bot_token),
        channel="C0OPS",
        thread_ts=root["ts"],
        recipient_user_id="U0ANA",
        recipient_team_id="T0ACME",
        pace=Pace(),
        on_message=store,
        flush_seconds=0.01,
    )
    return root["ts"], writer


async def test_an_answer_stands_in_the_thread_with_its_steps(slack: LocalSlack, clients: SlackClients) -> None:
    """Real SDK, real sockets, the local Slack's own checks."""
    stored: list[str] = []
    root, writer = await a_writer(slack, clients, stored)
    writer.plan("Find out why")
    writer.task("t1", "Look", "in_progress", details="df -h")
    writer.say("The disk is ")
    await slack.wait_for(lambda: len(slack.ui.messages("ops", thread_ts=root)) > 1)
    writer.task("t1", "Looked", "complete", output="97 %")
    writer.say("full.")
    delivered = await writer.close(session_status="active")
    (answer,) = slack.ui.messages("ops", thread_ts=root)[1:]
    assert (answer["streaming"], answer["stream"]["text"]) == (False, "The disk is full.")
    assert answer["stream"]["tasks"][0] | {"details": "df -h", "output": "97 %"} == answer["stream"]["tasks"][0]
    assert delivered.ts == (answer["ts"],) == tuple(stored)
    assert delivered.mode is Mode.STREAM


async def test_a_connection_lost_after_the_effect_doubles_nothing(slack: LocalSlack, clients: SlackClients) -> None:
    """The message is stopped and set to what it should say, in blocks that Slack accepts; the rest follows below."""
    root, writer = await a_writer(slack, clients, [])
    slack.faults.add(FaultKind.DROP_AFTER, "chat.appendStream", nth=1)
    writer.task("t1", "Look", "complete", details="df -h", output="97 %")
    writer.say("One. ")
    await slack.wait_for(lambda: any(message.get("edited") for message in slack.ui.messages("ops", thread_ts=root)))
    writer.say("Two.")
    await writer.close()
    first, second = slack.ui.messages("ops", thread_ts=root)[1:]
    assert [block["type"] for block in first["blocks"]] == ["task_card", "markdown"]
    assert first["blocks"][1]["text"] == "One. "
    assert second["stream"]["text"] == "Two."


async def test_where_streaming_is_not_allowed_the_answer_is_posted(slack: LocalSlack, clients: SlackClients) -> None:
    """The fallback's blocks pass the local Slack's checks too."""
    root, writer = await a_writer(slack, clients, [])
    slack.faults.add(FaultKind.ERROR, "chat.startStream", error="missing_scope")
    writer.task("t1", "Look", "complete")
    writer.say("All is well.")
    delivered = await writer.close(blocks=[{"type": "divider"}])
    (answer,) = slack.ui.messages("ops", thread_ts=root)[1:]
    assert delivered.mode is Mode.POSTS
    assert [block["type"] for block in answer["blocks"]] == ["context", "markdown", "divider"]
    assert answer["blocks"][1]["text"] == "All is well."


async def test_reads_survive_a_lost_connection(slack: LocalSlack, clients: SlackClients) -> None:
    """A read is simply asked again."""
    slack.faults.add(FaultKind.DROP_AFTER, "auth.test", nth=1)
    assert (await clients.client(slack.bot_token).auth_test())["ok"]


async def test_writes_are_not_repeated_after_a_lost_connection(slack: LocalSlack, clients: SlackClients) -> None:
    """It may have been posted, so only the caller can decide."""
    slack.faults.add(FaultKind.DROP_AFTER, "chat.postMessage", nth=1)
    with pytest.raises(aiohttp.ClientError):
        await clients.client(slack.bot_token).chat_postMessage(channel="C0OPS", text="once")
    assert [message["text"] for message in slack.ui.messages("ops")] == ["once"]


async def test_a_rate_limit_is_waited_out(slack: LocalSlack, clients: SlackClients) -> None:
    """Callers outside streams never see a short 429."""
    slack.faults.add(FaultKind.RATE_LIMIT, "chat.postMessage", nth=1, retry_after=0)
    await clients.client(slack.bot_token).chat_postMessage(channel="C0OPS", text="once")
    assert [message["text"] for message in slack.ui.messages("ops")] == ["once"]


async def test_all_clients_share_one_pool_that_closes(slack: LocalSlack, clients: SlackClients) -> None:
    """One session for every workspace, opened when first needed."""
    one, two = clients.client("xoxb-1"), clients.stream_client("xoxb-2")
    assert one.session is two.session
    await clients.close()
    assert one.session is not None
    assert one.session.closed
