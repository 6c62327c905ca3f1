"""The stream state machine answers as Slack does."""

from typing import Any

import pytest

from bot.demo.slack.streams import Stream, Streams, StreamState
from bot.demo.slack.wire import Refused

TASK = {"type": "task_update", "id": "t1", "title": "Look at logs", "status": "in_progress"}


def text(words: str) -> dict[str, str]:
    return {"type": "markdown_text", "text": words}


def start(streams: Streams, *, ts: str = "2.0", now: float = 0.0, **more: object) -> Stream:
    given: dict[str, object] = {"recipient_user_id": "U1", "recipient_team_id": "T1", **more}
    return streams.start(channel="C1", ts=ts, thread_ts="1.0", now=now, **given)  # type: ignore[arg-type]


def refusal(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.error


def test_parts_keep_the_order_in_which_they_first_arrived() -> None:
    streams = Streams()
    start(streams, chunks=[text("Hello "), text("you. "), TASK])
    stream = streams.append(channel="C1", ts="2.0", now=1, chunks=[text("Done."), {**TASK, "status": "complete"}])
    assert stream.view()["parts"] == [
        {"type": "text", "text": "Hello you. "},
        {"type": "task", "id": "t1"},
        {"type": "text", "text": "Done."},
    ]
    assert [task["status"] for task in stream.view()["tasks"]] == ["complete"]
    assert stream.text == "Hello you. Done."


def test_details_that_are_sent_twice_stand_there_twice() -> None:
    streams = Streams()
    start(streams, chunks=[{**TASK, "details": "a"}])
    stream = streams.append(channel="C1", ts="2.0", now=1, chunks=[{**TASK, "details": "b"}])
    assert stream.tasks["t1"]["details"] == "ab"


@pytest.mark.parametrize("missing", ["recipient_user_id", "recipient_team_id"])
def test_a_channel_needs_to_know_whom_the_stream_is_for(missing: str) -> None:
    assert refusal(start, Streams(), **{missing: None}) == f"missing_{missing}"
    in_dm: dict[str, Any] = {missing: None, "is_dm": True}
    start(Streams(), **in_dm)


def test_text_and_chunks_in_one_call_are_refused() -> None:
    assert refusal(start, Streams(), markdown_text="a", chunks=[text("b")]) == (
        "cannot_provide_both_markdown_text_and_chunks"
    )


def test_the_first_content_fixes_the_mode() -> None:
    streams = Streams()
    start(streams)
    streams.append(channel="C1", ts="2.0", now=1, markdown_text="a")
    assert refusal(streams.append, channel="C1", ts="2.0", now=1, chunks=[text("b")]) == "streaming_mode_mismatch"


@pytest.mark.parametrize(
    "chunk",
    [
        {**TASK, "status": "completed"},
        {**TASK, "title": "x" * 257},
        {**TASK, "details": "x" * 257},
        {"type": "plan_update", "title": "x" * 257},
        {"type": "poem", "text": "x"},
        "words",
    ],
)
def test_a_wrong_chunk_is_refused_and_changes_nothing(chunk: object) -> None:
    streams = Streams()
    stream = start(streams, chunks=[text("a")])
    assert refusal(streams.append, channel="C1", ts="2.0", now=1, chunks=[text("b"), chunk]) == "invalid_chunks"
    assert stream.text == "a"


def test_the_cap_counts_everything_and_stays_reached() -> None:
    streams = Streams(cap=40)
    start(streams, chunks=[text("x" * 20), TASK])  # 20 + 12 for the title
    assert refusal(streams.append, channel="C1", ts="2.0", now=1, chunks=[text("y" * 9)]) == "msg_too_long"
    assert refusal(streams.append, channel="C1", ts="2.0", now=1, chunks=[text("y")]) == "msg_too_long"
    assert streams.stop(channel="C1", ts="2.0", now=1).text == "x" * 20


def test_a_stream_dies_of_age_even_with_traffic() -> None:
    streams = Streams(life=300)
    start(streams, now=0)
    streams.append(channel="C1", ts="2.0", now=299, markdown_text="a")
    assert refusal(streams.append, channel="C1", ts="2.0", now=300, markdown_text="b") == (
        "message_not_in_streaming_state"
    )
    assert refusal(streams.stop, channel="C1", ts="2.0", now=301) == "message_not_in_streaming_state"


def test_stop_closes_only_the_live_streams_of_the_thread() -> None:
    streams = Streams()
    start(streams, ts="2.0")
    start(streams, ts="3.0")
    streams.stop(channel="C1", ts="2.0", now=1)
    assert [s.ts for s in streams.stop_by_user(channel="C1", thread_ts="1.0", now=1)] == ["3.0"]
    assert refusal(streams.append, channel="C1", ts="3.0", now=1, markdown_text="a") == "stopped_by_user"
    assert refusal(streams.append, channel="C1", ts="2.0", now=1, markdown_text="a") == (
        "message_not_in_streaming_state"
    )


def test_a_finished_stream_keeps_its_last_words_and_blocks() -> None:
    streams = Streams()
    start(streams, markdown_text="a")
    stream = streams.stop(channel="C1", ts="2.0", now=1, markdown_text="b", blocks=[{"type": "divider"}])
    assert (stream.state, stream.text, stream.final_blocks) == (StreamState.DONE, "ab", [{"type": "divider"}])
    assert not streams.is_live("C1", "2.0", now=1)


def test_an_append_without_content_says_no_text() -> None:
    streams = Streams()
    start(streams)
    assert refusal(streams.append, channel="C1", ts="2.0", now=1) == "no_text"
