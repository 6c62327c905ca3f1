"""What the stream writer does at the edges: rolling over, renewing, stopping, falling back, giving up."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.slack.opening import Mode
from bot.slack.pacing import Pace
from bot.slack.page import Source
from bot.slack.streaming import Delivered, NoFilter, StreamFilter, StreamWriter
from tests.slack.memory_slack import Bad, MemorySlack
from tests.slack.virtual_time import run


class Told:
    """Keeps what on_message was told, and what stood in Slack at that moment."""

    def __init__(self, slack: MemorySlack) -> None:
        self._slack = slack
        self.ts: list[str] = []
        self.words_then: list[str] = []

    async def __call__(self, ts: str) -> None:
        await asyncio.sleep(0.2)
        self.ts.append(ts)
        self.words_then.append(self._slack.words(ts))


def a_writer(
    slack: MemorySlack,
    on_message: Callable[[str], Coroutine[Any, Any, None]] | None = None,
    *,
    redact: Callable[[], StreamFilter] = NoFilter,
    patience: float = 120.0,
) -> StreamWriter:
    return StreamWriter(
        slack,
        channel="C1",
        thread_ts="1.0",
        recipient_user_id="U1",
        recipient_team_id="T1",
        pace=Pace(),
        on_message=on_message or Told(slack),
        redact=redact,
        patience=patience,
    )


def methods(slack: MemorySlack) -> list[str]:
    return [call.method for call in slack.calls]


def test_a_short_answer_is_a_start_an_append_and_a_stop() -> None:
    """Recipients are always named, and text travels as chunks only."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        writer.say("All is well.")
        await asyncio.sleep(2.0)
        delivered = await writer.close(blocks=[{"type": "divider"}], session_status="suspended")
        assert methods(slack) == ["chat.startStream", "chat.appendStream", "chat.stopStream"]
        start = slack.calls[0].args
        assert (start["recipient_user_id"], start["recipient_team_id"], start["thread_ts"]) == ("U1", "T1", "1.0")
        assert slack.calls[2].args["blocks"] == ({"type": "divider"},)
        assert delivered == Delivered(ts=tuple(slack.messages), mode=Mode.STREAM, stopped_by_user=False)

    run(scenario())


def test_every_message_is_made_known_before_it_holds_words() -> None:
    """A crash can be cleaned up: no words stand in a message the caller has not stored."""

    async def scenario() -> None:
        slack = MemorySlack()
        told = Told(slack)
        writer = a_writer(slack, told)
        writer.say("A sentence of some length. " * 900)
        delivered = await writer.close()
        assert len(delivered.ts) == 3
        assert told.ts == list(delivered.ts) == list(slack.messages)
        assert told.words_then == ["", "", ""]

    run(scenario())


def test_nothing_is_sent_when_the_caller_could_not_store_the_message() -> None:
    """The error comes out of close, and the empty message does not stay live."""

    async def broken(ts: str) -> None:
        raise OSError(f"disk full at {ts}")

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack, broken)
        writer.say("secret plan")
        with pytest.raises(OSError, match="disk full"):
            await writer.close()
        assert [slack.words(ts) for ts in slack.messages] == [""]
        assert methods(slack)[-1] == "chat.stopStream"

    run(scenario())


def test_a_cut_code_block_is_closed_and_opened_again_with_its_language() -> None:
    """Both messages render as SQL."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        writer.say("Look:\n\n```sql\n" + "select * from orders where id = 1;\n" * 400 + "```\nDone.")
        delivered = await writer.close()
        first, second = (slack.words(ts) for ts in delivered.ts)
        assert first.endswith(";\n```")
        assert second.startswith("```sql\nselect")
        assert second.endswith("```\nDone.")

    run(scenario())


def test_a_stream_is_renewed_before_four_minutes_at_the_end_of_a_sentence() -> None:
    """Slack would close it at five, and does not say so before."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        for _ in range(300):
            writer.say("The job goes on. ")
            await asyncio.sleep(1.0)
        delivered = await writer.close()
        assert len(delivered.ts) == 2
        assert 205.0 <= slack.times("chat.stopStream")[0] - slack.times("chat.startStream")[0] <= 240.0
        assert slack.words(delivered.ts[0]).endswith("on. ")

    run(scenario())


def test_a_quiet_stream_is_ended_before_slack_ends_it_and_its_step_is_finished_where_it_began() -> None:
    """A tool that runs for ten minutes leaves one message, and the step in it gets its result."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        writer.task("t1", "Rebuild the index", "in_progress", details="all shards")
        await asyncio.sleep(600.0)
        assert not slack.live()
        writer.task("t1", "Rebuilt the index", "complete", output="12 shards")
        delivered = await writer.close()
        assert slack.cards() == [("t1", "complete")]
        assert delivered.ts == tuple(slack.messages)
        assert len(slack.messages) == 1

    run(scenario())


def test_details_and_output_are_sent_once_and_clipped_at_a_word() -> None:
    """Slack appends what is sent again."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        link = Source(url="https://example.com/run/1", text="run 1")
        for status in ("pending", "in_progress", "complete"):
            writer.task("t1", "Check", status, details="every host " * 60, output="fine", sources=[link])
            await asyncio.sleep(2.0)
        delivered = await writer.close()
        stream = slack.streams.find("C1", delivered.ts[0], now=0.0)
        assert stream is not None
        (task,) = stream.tasks.values()
        assert task["details"].endswith("every host…")
        assert 240 < len(task["details"]) <= 256
        assert task["output"] == "fine"
        assert task["status"] == "complete"
        assert task["sources"] == [{"type": "url", "url": link.url, "text": link.text}]

    run(scenario())


def test_stop_ends_the_answer_at_once() -> None:
    """After Slack's Stop button nothing more is sent, and the caller learns it."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        writer.say("One. ")
        await asyncio.sleep(1.0)
        slack.streams.stop_by_user(channel="C1", thread_ts="1.0", now=asyncio.get_running_loop().time())
        writer.say("Two. ")
        await asyncio.sleep(2.0)
        assert writer.stopped_by_user
        calls = len(slack.calls)
        writer.say("Three.")
        delivered = await writer.close(blocks=[{"type": "divider"}])
        assert delivered.stopped_by_user
        assert [slack.words(ts) for ts in slack.messages] == ["One. "]
        assert len(slack.calls) == calls

    run(scenario())


@pytest.mark.parametrize(
    "word",
    ["unknown_method", "missing_scope", "not_allowed_token_type", "feature_not_enabled", "channel_type_not_supported"],
)
def test_where_slack_does_not_stream_the_answer_is_posted_and_edited(word: str) -> None:
    """At most one edit every 3 s, 4,000 bytes a message, steps as lines."""

    async def scenario() -> None:
        slack = MemorySlack(streams_here=False, refusal=word)
        writer = a_writer(slack)
        writer.task("t1", "Check <hosts>", "in_progress")
        for _ in range(200):
            writer.say("A sentence of some length. ")
            await asyncio.sleep(0.1)
        writer.task("t1", "Checked <hosts>", "complete")
        delivered = await writer.close()
        assert delivered.mode is Mode.POSTS
        assert (
            "".join(slack.words(ts) for ts in delivered.ts).rstrip() == ("A sentence of some length. " * 200).rstrip()
        )
        assert all(len(slack.words(ts)) <= 4_000 for ts in delivered.ts)
        assert {"type": "mrkdwn", "text": ":white_check_mark: Checked &lt;hosts&gt;"} in [
            block["elements"][0] for block in slack.messages[delivered.ts[0]].blocks or [] if block["type"] == "context"
        ]
        for ts in delivered.ts:
            edits = [call.at for call in slack.calls if call.method == "chat.update" and call.args["ts"] == ts]
            assert all(later - earlier >= 3.0 for earlier, later in itertools.pairwise(edits))
        assert slack.too_many == []

    run(scenario())


def test_a_smaller_message_limit_than_expected_is_learned() -> None:
    """msg_too_long rolls over instead of losing words."""

    async def scenario() -> None:
        slack = MemorySlack(cap=3_000)
        writer = a_writer(slack)
        text = "A sentence of some length. " * 500
        writer.say(text)
        delivered = await writer.close()
        assert "".join(slack.words(ts) for ts in slack.messages) == text
        assert delivered.undelivered == ""

    run(scenario())


def test_words_are_handed_back_when_slack_stays_away() -> None:
    """close comes back with what was not delivered instead of waiting for ever."""

    async def scenario() -> None:
        slack = MemorySlack(plan=[Bad.DROP_BEFORE] * 1_000)
        writer = a_writer(slack, patience=60.0)
        writer.say("Nobody reads this.")
        begun = asyncio.get_running_loop().time()
        delivered = await writer.close()
        assert delivered.undelivered == "Nobody reads this."
        assert "chat.startStream kept failing" in delivered.error
        assert asyncio.get_running_loop().time() - begun < 120.0

    run(scenario())


def test_abort_ends_the_live_message_and_marks_open_steps_as_failed() -> None:
    """Nothing keeps spinning after the work was cut short."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        writer.task("t1", "Check", "in_progress")
        writer.say("Looking")
        await asyncio.sleep(1.0)
        writer.say(" further")
        delivered = await writer.abort()
        assert not slack.live()
        assert slack.cards() == [("t1", "error")]
        assert delivered.undelivered == " further"

    run(scenario())


def test_nothing_said_is_nothing_sent() -> None:
    """No empty message appears in the thread."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack)
        writer.say(" \n")
        assert (await writer.close()).ts == ()
        assert slack.calls == []

    run(scenario())


class _Hush(NoFilter):
    """Masks one word, also when it comes in pieces."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        *ready, self._held = (self._held + text).split(" ")
        return "".join(f"{word} " for word in ready).replace("hunter2", "•••")

    def close(self) -> str:
        return self._held.replace("hunter2", "•••")


def test_secrets_are_masked_in_words_and_steps_before_they_leave() -> None:
    """The filter sees the answer as one text, and each step by itself."""

    async def scenario() -> None:
        slack = MemorySlack()
        writer = a_writer(slack, redact=_Hush)
        writer.say("It is hun")
        await asyncio.sleep(1.0)
        writer.say("ter2")
        writer.task("t1", "Try hunter2", "complete", output="hunter2")
        delivered = await writer.close()
        assert slack.words(delivered.ts[0]) == "It is •••"
        assert "hunter2" not in repr([call.args for call in slack.calls])

    run(scenario())


def test_a_closed_answer_takes_no_more_words() -> None:
    """Losing words silently would be worse."""

    async def scenario() -> None:
        writer = a_writer(MemorySlack())
        await writer.close()
        with pytest.raises(RuntimeError, match="was closed"):
            writer.say("too late")

    run(scenario())
