"""The Block Kit pieces our cards are built from, and the limits Slack puts on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

Block = dict[str, JsonValue]

# https://docs.slack.dev/reference/block-kit/blocks; MESSAGE_TEXT was measured, it is not documented
MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 13_200
SECTION_TEXT = 3_000
CONTEXT_ELEMENTS = 10
CONFIRM_TEXT = 300
BUTTON_TEXT = 75
OPTION_TEXT = 75
HINT_TEXT = 2_000
LABEL_TEXT = 2_000
INPUT_TEXT = 3_000
SELECT_OPTIONS = 100
MODAL_BLOCKS = 100
FALLBACK_TEXT = 3_000


@dataclass(frozen=True, kw_only=True)
class Card:
    """One message: its blocks, and the words for notifications and screen readers."""

    blocks: tuple[Block, ...]
    text: str


def plain_text(text: str) -> Block:
    """Words Slack formats nowhere; emoji names stay names."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Block:
    """Escaped markup; `verbatim` keeps Slack from finding links and channels of its own in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, *, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return {**block, "accessory": accessory} if accessory else block


def header(text: str) -> Block:
    return {"type": "header", "text": plain_text(text)}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts[:CONTEXT_ELEMENTS]]}


def divider() -> Block:
    return {"type": "divider"}


def actions(block_id: str, elements: Sequence[Block]) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": [*elements]}


def rich_text(*elements: Block) -> Block:
    """Literal by construction: Slack parses nothing in it."""
    return {"type": "rich_text", "elements": [*elements]}


def words(text: str, *, bold: bool = False, code: bool = False) -> Block:
    """A run of literal words inside rich text."""
    style: Block = {name: True for name, on in (("bold", bold), ("code", code)) if on}
    run: Block = {"type": "text", "text": text}
    return {**run, "style": style} if style else run


def line(*runs: Block) -> Block:
    return {"type": "rich_text_section", "elements": [*runs]}


def quote(*runs: Block) -> Block:
    return {"type": "rich_text_quote", "elements": [*runs]}


def preformatted(text: str) -> Block:
    return {"type": "rich_text_preformatted", "elements": [words(text)]}


def bullets(lines: Iterable[Block]) -> Block:
    return {"type": "rich_text_list", "style": "bullet", "elements": [*lines]}


def option(text: str, value: str) -> Block:
    return {"text": plain_text(text), "value": value}


def confirm(*, title: str, text: str, yes: str, no: str = "Back", danger: bool = False) -> Block:
    """A dialog before a press counts; its text is literal."""
    dialog: Block = {
        "title": plain_text(title),
        "text": plain_text(text),
        "confirm": plain_text(yes),
        "deny": plain_text(no),
    }
    return {**dialog, "style": "danger"} if danger else dialog


def button(
    text: str,
    *,
    action_id: str,
    value: str,
    style: str = "",
    ask: Block | None = None,
    visible_to: Sequence[str] = (),
) -> Block:
    block: Block = {"type": "button", "text": plain_text(text), "action_id": action_id, "value": value}
    if style:
        block["style"] = style
    if ask:
        block["confirm"] = ask
    if visible_to:
        block["visible_to_user_ids"] = [*visible_to]
    return block


def modal(
    *, callback_id: str, title: str, blocks: Sequence[Block], metadata: str, submit: str = "", close: str = "Close"
) -> Block:
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title),
        "close": plain_text(close),
        "private_metadata": metadata,
        "blocks": [*blocks],
    }
    return {**view, "submit": plain_text(submit)} if submit else view


def text_size(value: JsonValue) -> int:
    """Every character a card carries in strings: more than Slack counts, never less."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(text_size(item) for item in value.values())
    return sum(text_size(item) for item in value) if isinstance(value, list) else 0
