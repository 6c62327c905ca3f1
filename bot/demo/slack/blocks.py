"""Block Kit's rules: which blocks exist, what they must hold, and how much. Slack's refusal names the place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.demo.slack.chunks import TaskStatus
from bot.demo.slack.elements import CONTEXT_ACTIONS, IN_ACTIONS, IN_INPUT, IN_SECTION, check_element
from bot.demo.slack.findings import Findings
from bot.demo.slack.wire import Json, Refused

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_TEXT = 13_200
"""Characters of text all blocks of one message hold together (measured, not documented)."""


class Surface(StrEnum):
    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


SINCE_AGENTS = frozenset({"task_card", "plan", "context_actions", "alert", "card", "carousel", "container"})
"""Blocks that came with streaming and agents, or later: a Slack from before knows none of them."""
_ONLY_MESSAGES = frozenset({"markdown", "table", "data_table", "task_card", "plan", "context_actions", "file"})


@dataclass(kw_only=True)
class _Look:
    """One run over a list of blocks."""

    surface: Surface
    old: bool
    found: Findings = field(default_factory=Findings)
    block_ids: set[str] = field(default_factory=set)


def check(raw: object, surface: Surface = Surface.MESSAGE, *, old: bool = False) -> list[Json]:
    """The blocks, each with a block_id; `old`: by a Slack from before agents.

    Raises: Refused `invalid_blocks` with one hint per mistake, or `msg_blocks_too_long`.
    """
    look = _Look(surface=surface, old=old)
    most = MESSAGE_BLOCKS if surface is Surface.MESSAGE else VIEW_BLOCKS
    if not isinstance(raw, list):
        raise Refused("invalid_blocks_format")
    if len(raw) > most:
        look.found.add("/blocks", f"no more than {most} items allowed")
    for number, block in enumerate(raw):
        _check_block(block, f"/blocks/{number}", look)
    if look.found.errors:
        raise Refused("invalid_blocks", *look.found.errors)
    if surface is Surface.MESSAGE and look.found.characters > MESSAGE_TEXT:
        raise Refused("msg_blocks_too_long", f"[ERROR] {look.found.characters} characters, {MESSAGE_TEXT} are allowed")
    return [_with_ids(block, number) for number, block in enumerate(raw)]


def _with_ids(block: Json, number: int) -> Json:
    """Slack names what the app left unnamed."""
    named = {**block, "block_id": block.get("block_id") or f"b{number:02d}x"}
    for place in ("element", "accessory"):
        if isinstance(named.get(place), dict):
            named[place] = _with_action_id(named[place], place)
    if block["type"] in ("actions", "context_actions"):
        named["elements"] = [_with_action_id(one, str(n)) for n, one in enumerate(named["elements"])]
    return named


def _with_action_id(element: Json, place: str) -> Json:
    return element if element.get("type") == "image" else {"action_id": f"a{place}", **element}


def _check_block(block: object, at: str, look: _Look) -> None:
    found = look.found
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return found.add(at, "must be an object with a type")
    kind = block["type"]
    rule = _RULES.get(kind)
    if (
        rule is None
        or (look.old and kind in SINCE_AGENTS)
        or (kind in _ONLY_MESSAGES and look.surface is not Surface.MESSAGE)
    ):
        return found.add(f"{at}/type", f"unsupported type: {kind}")
    if block_id := block.get("block_id"):
        found.text(block_id, f"{at}/block_id", most=255, count=False)
        if block_id in look.block_ids:
            found.add(f"{at}/block_id", f"`block_id` must be unique: {block_id}")
        look.block_ids.add(block_id)
    found.begin_block()
    rule(block, at, look)
    return None


def _section(block: Json, at: str, look: _Look) -> None:
    text, fields = block.get("text"), block.get("fields")
    if text is None and fields is None:
        look.found.add(at, "missing required field: text or fields")
    if text is not None:
        look.found.text_object(text, f"{at}/text", most=3000)
    for number, one in enumerate(look.found.array(fields, f"{at}/fields", most=10)):
        look.found.text_object(one, f"{at}/fields/{number}", most=2000)
    if "accessory" in block:
        check_element(block["accessory"], f"{at}/accessory", look.found, IN_SECTION)


def _header(block: Json, at: str, look: _Look) -> None:
    look.found.text_object(block.get("text"), f"{at}/text", most=150, plain=True)


def _divider(block: Json, at: str, look: _Look) -> None:
    pass


def _image(block: Json, at: str, look: _Look) -> None:
    if "image_url" not in block and "slack_file" not in block:
        look.found.add(at, "missing required field: image_url")
    look.found.text(block.get("alt_text"), f"{at}/alt_text", most=2000)
    if "title" in block:
        look.found.text_object(block["title"], f"{at}/title", most=2000, plain=True)


def _elements(kinds: frozenset[str], most: int) -> Callable[[Json, str, _Look], None]:
    def rule(block: Json, at: str, look: _Look) -> None:
        elements = look.found.array(block.get("elements"), f"{at}/elements", most=most, least=1)
        for number, element in enumerate(elements):
            check_element(element, f"{at}/elements/{number}", look.found, kinds)

    return rule


def _context(block: Json, at: str, look: _Look) -> None:
    for number, one in enumerate(look.found.array(block.get("elements"), f"{at}/elements", most=10, least=1)):
        place = f"{at}/elements/{number}"
        if isinstance(one, dict) and one.get("type") == "image":
            look.found.text(one.get("alt_text"), f"{place}/alt_text", most=2000)
        else:
            look.found.text_object(one, place, most=2000)


def _input(block: Json, at: str, look: _Look) -> None:
    look.found.text_object(block.get("label"), f"{at}/label", most=2000, plain=True)
    if "hint" in block:
        look.found.text_object(block["hint"], f"{at}/hint", most=2000, plain=True)
    check_element(block.get("element"), f"{at}/element", look.found, IN_INPUT)


def _markdown(block: Json, at: str, look: _Look) -> None:
    look.found.text(block.get("text"), f"{at}/text", most=12_000)


def _rich_text(block: Json, at: str, look: _Look) -> None:
    kinds = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
    for number, one in enumerate(look.found.array(block.get("elements"), f"{at}/elements", most=500)):
        if not isinstance(one, dict) or one.get("type") not in kinds:
            look.found.add(f"{at}/elements/{number}", f"must be one of {', '.join(kinds)}")
    look.found.characters += _letters(block.get("elements"))


def _table(block: Json, at: str, look: _Look) -> None:
    for number, row in enumerate(look.found.array(block.get("rows"), f"{at}/rows", most=100, least=1)):
        for column, cell in enumerate(look.found.array(row, f"{at}/rows/{number}", most=20, least=1)):
            if not isinstance(cell, dict) or cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                look.found.add(f"{at}/rows/{number}/{column}", "must be raw_text, raw_number or rich_text")
    look.found.characters += _letters(block.get("rows"))


def _data_table(block: Json, at: str, look: _Look) -> None:
    look.found.array(block.get("rows", []), f"{at}/rows", most=100)
    look.found.characters += _letters(block.get("rows"))


def _task_card(block: Json, at: str, look: _Look) -> None:
    look.found.text(block.get("task_id"), f"{at}/task_id", most=255, count=False)
    look.found.text(block.get("title"), f"{at}/title", most=256)
    if "status" in block and block["status"] not in list(TaskStatus):
        look.found.add(f"{at}/status", f"must be one of {', '.join(TaskStatus)}")
    for name in ("details", "output"):
        if (inner := block.get(name)) is not None:
            if not isinstance(inner, dict) or inner.get("type") != "rich_text":
                look.found.add(f"{at}/{name}", "must be a rich_text block")
            look.found.characters += _letters(inner)


def _plan(block: Json, at: str, look: _Look) -> None:
    look.found.text(block.get("title"), f"{at}/title", most=256)
    for number, task in enumerate(look.found.array(block.get("tasks", []), f"{at}/tasks", most=50)):
        if isinstance(task, dict):
            _task_card(task, f"{at}/tasks/{number}", look)


def _alert(block: Json, at: str, look: _Look) -> None:
    look.found.text_object(block.get("text"), f"{at}/text", most=3000)
    levels = ("default", "info", "warning", "error", "success")
    if block.get("level", "default") not in levels:
        look.found.add(f"{at}/level", f"must be one of {', '.join(levels)}")


def _card(block: Json, at: str, look: _Look) -> None:
    if not any(block.get(name) for name in ("hero_image", "title", "actions", "body")):
        look.found.add(at, "needs one of hero_image, title, actions, body")
    for name, most in (("title", 150), ("subtitle", 150), ("body", 200)):
        if block.get(name) is not None:
            look.found.text_object(block[name], f"{at}/{name}", most=most)
    for number, action in enumerate(look.found.array(block.get("actions", []), f"{at}/actions", most=25)):
        check_element(action, f"{at}/actions/{number}", look.found, IN_ACTIONS)


def _carousel(block: Json, at: str, look: _Look) -> None:
    for number, card in enumerate(look.found.array(block.get("elements"), f"{at}/elements", most=10, least=1)):
        if not isinstance(card, dict) or card.get("type") != "card":
            look.found.add(f"{at}/elements/{number}", "must be a card")
        else:
            _card(card, f"{at}/elements/{number}", look)


def _container(block: Json, at: str, look: _Look) -> None:
    if block.get("title") is None and block.get("rich_text_title") is None:
        look.found.add(at, "missing required field: title")
    for name in ("title", "subtitle"):
        if block.get(name) is not None:
            look.found.text_object(block[name], f"{at}/{name}", most=150, plain=name == "title")
    children = look.found.array(block.get("child_blocks"), f"{at}/child_blocks", most=10, least=1)
    for number, child in enumerate(children):
        if isinstance(child, dict) and child.get("type") == "container":
            look.found.add(f"{at}/child_blocks/{number}", "containers do not nest")
        else:
            _check_block(child, f"{at}/child_blocks/{number}", look)


def _file(block: Json, at: str, look: _Look) -> None:
    look.found.text(block.get("external_id"), f"{at}/external_id", most=255, count=False)


def _video(block: Json, at: str, look: _Look) -> None:
    for name in ("video_url", "thumbnail_url", "alt_text"):
        look.found.text(block.get(name), f"{at}/{name}", most=3000, count=False)
    look.found.text_object(block.get("title"), f"{at}/title", most=200, plain=True)


def _letters(value: Any) -> int:
    """Characters of every `text` below, for blocks that nest freely."""
    if isinstance(value, dict):
        return sum(len(v) if k == "text" and isinstance(v, str) else _letters(v) for k, v in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(_letters(one) for one in value)
    return 0


_RULES: dict[str, Callable[[Json, str, _Look], None]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "image": _image,
    "actions": _elements(IN_ACTIONS, 25),
    "context": _context,
    "context_actions": _elements(CONTEXT_ACTIONS, 5),
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "table": _table,
    "data_table": _data_table,
    "task_card": _task_card,
    "plan": _plan,
    "alert": _alert,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "file": _file,
    "video": _video,
}
