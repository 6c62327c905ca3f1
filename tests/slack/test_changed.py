"""Which events are an edit or a deletion of a person's message."""

import pytest

from bot.slack.changed import changed

OLD = {"ts": "1.0", "user": "U1", "text": "one"}
NEW = {"ts": "1.0", "user": "U1", "text": "two", "edited": {"user": "U1"}}


def _body(**event: object) -> dict[str, object]:
    return {"event_id": "Ev1", "team_id": "T1", "event": {"type": "message", "channel": "C1", **event}}


def test_an_edit_carries_the_new_words_and_a_deletion_none() -> None:
    edit = changed(_body(subtype="message_changed", message=NEW, previous_message=OLD))
    assert edit is not None and (edit.ts, edit.thread_ts, edit.who, edit.text) == ("1.0", "1.0", "U1", "two")
    gone = changed(_body(subtype="message_deleted", deleted_ts="1.0", previous_message={**OLD, "thread_ts": "0.5"}))
    assert gone is not None and (gone.ts, gone.thread_ts, gone.text) == ("1.0", "0.5", None)


@pytest.mark.parametrize(
    "event",
    [
        {"text": "hello", "user": "U1", "ts": "1.0"},
        {"subtype": "message_changed", "message": {**NEW, "text": "one"}, "previous_message": OLD},  # a link preview
        {"subtype": "message_changed", "message": {**NEW, "bot_id": "B1"}, "previous_message": OLD},  # our own
        {"subtype": "message_changed", "message": {**NEW, "edited": {"user": "U2"}}, "previous_message": OLD},
        {"subtype": "message_deleted", "deleted_ts": "1.0", "previous_message": {**OLD, "bot_id": "B1"}},
        {"subtype": "message_deleted", "deleted_ts": "1.0"},
    ],
)
def test_everything_else_is_none(event: dict[str, object]) -> None:
    assert changed(_body(**event)) is None
