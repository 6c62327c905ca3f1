"""Odd streams that real servers send."""

from bot.brains.base import BrainEvent, Call, Finished, Saying, Thinking, Thought
from bot.brains.llm_stream import Assembly, CallPiece, Piece
from bot.brains.tool_names import ToolNames


def played(*pieces: Piece, used_ids: tuple[str, ...] = ()) -> list[BrainEvent]:
    assembly = Assembly(ToolNames(["shop.look"]), used_ids=used_ids)
    events = [event for piece in pieces for event in assembly.add(piece)]
    return [*events, *assembly.end(None)]


def test_several_calls_at_one_index_are_told_apart_by_their_ids() -> None:
    one = CallPiece(index=0, id="a", name="shop__look", arguments='{"n":1}')
    two = CallPiece(index=0, id="b", name="shop__look", arguments='{"n":2}')
    assert played(Piece(calls=[one, two]), Piece(finish_reason="tool_calls")) == [
        Call(call_id="a", tool="shop.look", arguments={"n": 1}),
        Call(call_id="b", tool="shop.look", arguments={"n": 2}),
        Finished(reason="tool_calls"),
    ]


def test_an_id_that_is_missing_or_taken_is_replaced_by_a_free_one() -> None:
    pieces = [CallPiece(index=0, id="a", name="shop__look"), CallPiece(index=1, name="shop__look")]
    events = played(Piece(calls=pieces), Piece(finish_reason="stop"), used_ids=("a", "call_1"))
    assert [event.call_id for event in events if isinstance(event, Call)] == ["a_1", "call_2"]


def test_calls_are_the_reason_even_when_the_server_says_stop() -> None:
    piece = Piece(calls=[CallPiece(index=0, id="a", name="shop__look")], finish_reason="stop")
    assert played(piece)[-1] == Finished(reason="tool_calls")


def test_thinking_between_texts_is_two_thoughts() -> None:
    pieces = [Piece(thinking="a"), Piece(text="b"), Piece(thinking="c"), Piece(finish_reason="stop")]
    assert played(*pieces) == [
        Thinking(delta="a"),
        Thought(text="a"),
        Saying(by_model=True, delta="b"),
        Thinking(delta="c"),
        Thought(text="c"),
        Finished(reason="stop"),
    ]
