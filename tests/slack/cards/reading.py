"""Reads a card as Slack would: what is markup, what is text, and whether Slack would take it at all."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import JsonValue

from bot.demo.slack.blocks import Surface, check
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.view_rules import build
from bot.slack.cards.blocks import Block

SNAPSHOTS = Path(__file__).parent / "snapshots"
_MARKUP = re.compile(r"<[^>]*>?|>")
_DATE = re.compile(r"<!date\^-?\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>")


def assert_slack_takes(blocks: Sequence[Block], surface: Surface = Surface.MESSAGE) -> None:
    """The same rules the local Slack enforces; they raise with the place of each mistake."""
    check(json.loads(json.dumps(list(blocks))), surface)


def assert_slack_takes_view(view: Block) -> None:
    office = LocalSlack().office
    build(office, json.loads(json.dumps(view)), home=view["type"] == "home")
    assert len(json.dumps(view, ensure_ascii=False).encode("utf-8", "replace")) < 250_000


def assert_snapshot(name: str, card: JsonValue) -> None:
    """The whole object as it was last looked at; UPDATE_SNAPSHOTS=1 writes it anew, for a person to review."""
    path = SNAPSHOTS / f"{name}.json"
    drawn = json.dumps(card, ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8"), f"{name} changed; look at it with UPDATE_SNAPSHOTS=1 and git diff"


def mrkdwn_texts(value: JsonValue) -> Iterator[str]:
    """Every text Slack parses."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            assert value.get("verbatim") is True
            yield str(value["text"])
        yield from (text for item in value.values() for text in mrkdwn_texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in mrkdwn_texts(item))


def markup(value: JsonValue) -> list[str]:
    """Everything in angle brackets that Slack would act on, but for our own dates."""
    return [found for text in mrkdwn_texts(value) for found in _MARKUP.findall(_DATE.sub("", text))]


def all_text(value: JsonValue) -> str:
    """Every word a reader can see, entities read back, one element a line."""
    return "\n".join(_words(value)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _words(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "text" and isinstance(item, str):
                yield item
            elif key not in {"options", "confirm"}:
                yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)


def preformatted(view: Block) -> str:
    """What stands in the grey boxes of the details modal, pages joined."""
    blocks = view["blocks"]
    assert isinstance(blocks, list)
    return "".join(_boxes(blocks))


def _boxes(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "rich_text_preformatted":
            yield "".join(_words(value))
        else:
            yield from (box for item in value.values() for box in _boxes(item))
    elif isinstance(value, list):
        yield from (box for item in value for box in _boxes(item))


def buttons(card: Sequence[Block]) -> dict[str, Block]:
    """The pressable elements of the card by what stands on them."""
    found: dict[str, Block] = {}
    for block in card:
        elements = block.get("elements")
        if block["type"] == "actions" and isinstance(elements, list):
            for element in elements:
                assert isinstance(element, dict)
                found["More" if element["type"] == "overflow" else _text(element["text"])] = element
    return found


def _text(value: JsonValue) -> str:
    assert isinstance(value, dict)
    return str(value["text"])
