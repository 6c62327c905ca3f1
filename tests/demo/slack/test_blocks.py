"""Block Kit mistakes are refused with Slack's word, and the hint names the place."""

from typing import Any

import pytest

from bot.demo.slack import blocks
from bot.demo.slack.blocks import Surface
from bot.demo.slack.wire import Refused


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str = "go", text: str = "Go") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text)}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def select(value: str) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "pick", "options": [{"text": plain("x"), "value": value}]}


def table(rows: int, columns: int) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        (section("x" * 3000), section("x" * 3001), "/blocks/0/text/text"),
        (
            {"type": "header", "text": plain("x" * 150)},
            {"type": "header", "text": plain("x" * 151)},
            "/blocks/0/text/text",
        ),
        (actions(button(text="x" * 75)), actions(button(text="x" * 76)), "/blocks/0/elements/0/text/text"),
        (
            actions(*(button(f"b{n}") for n in range(25))),
            actions(*(button(f"b{n}") for n in range(26))),
            "/blocks/0/elements",
        ),
        (actions(select("x" * 150)), actions(select("x" * 151)), "/blocks/0/elements/0/options/0/value"),
        (
            actions(button("a"), button("b")),
            actions(button("a"), button("a")),
            "/blocks/0/elements/1/action_id",
        ),
        (
            {"type": "markdown", "text": "x" * 12_000},
            {"type": "markdown", "text": "x" * 12_001},
            "/blocks/0/text",
        ),
        (table(100, 20), table(101, 20), "/blocks/0/rows"),
        (table(100, 20), table(1, 21), "/blocks/0/rows/0"),
        ({"type": "divider"}, {"type": "horizontal_rule"}, "/blocks/0/type"),
        (
            {"type": "header", "text": plain("x")},
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "/blocks/0/text/type",
        ),
        (
            {"type": "task_card", "task_id": "t", "title": "x", "status": "complete"},
            {"type": "task_card", "task_id": "t", "title": "x", "status": "completed"},
            "/blocks/0/status",
        ),
        (
            {"type": "context_actions", "elements": [{"type": "icon_button", "text": plain("x")}]},
            {"type": "context_actions", "elements": [button()]},
            "/blocks/0/elements/0/type",
        ),
        (
            {"type": "container", "title": plain("x"), "child_blocks": [section("x")] * 10},
            {"type": "container", "title": plain("x"), "child_blocks": [section("x")] * 11},
            "/blocks/0/child_blocks",
        ),
        (section("x"), {"type": "section", "text": "x"}, "/blocks/0/text"),
    ],
)
def test_the_limit_holds_and_one_beyond_it_is_named(right: object, wrong: object, place: str) -> None:
    blocks.check([right])
    with pytest.raises(Refused) as refused:
        blocks.check([wrong])
    assert refused.value.error == "invalid_blocks"
    assert f"[json-pointer:{place}]" in refused.value.messages[0]


def test_a_message_takes_fifty_blocks() -> None:
    blocks.check([{"type": "divider"}] * 50)
    with pytest.raises(Refused, match="invalid_blocks"):
        blocks.check([{"type": "divider"}] * 51)


def test_the_text_of_all_blocks_together_is_limited() -> None:
    blocks.check([section("x" * 2640)] * 5)
    with pytest.raises(Refused, match="msg_blocks_too_long"):
        blocks.check([section("x" * 2641)] * 5)


def test_blocks_for_messages_do_not_go_into_modals() -> None:
    with pytest.raises(Refused, match="invalid_blocks"):
        blocks.check([table(1, 1)], Surface.MODAL)


def test_what_the_app_left_unnamed_gets_names() -> None:
    (named,) = blocks.check([actions({"type": "button", "text": plain("x")})])
    assert named["block_id"]
    assert named["elements"][0]["action_id"]
