"""One typed field of the Edit modal as an input block. The value in it is the raw one: shown escapes would be saved."""

import hashlib
import json
import re

from bot.orchestrator.views import FieldView
from bot.slack.actions import ActionId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import HINT_TEXT, INPUT_TEXT, LABEL_TEXT, OPTION_TEXT, SELECT_OPTIONS, Block
from bot.slack.cards.wording import shortened

_RADIO = 5
_ONE_LINE = 80
_SIMPLE = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)


def block_id(name: str) -> str:
    """Where the value of one field comes back; Slack shows errors there."""
    return f"edit.{name if _SIMPLE.fullmatch(name) else hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def editable(field: FieldView) -> bool:
    """Whether a modal can hold the value whole; a longer one stays as it is."""
    return len(field.value) <= INPUT_TEXT


def listed(field: FieldView) -> bool:
    """Whether a choice is offered as a list: few enough, each whole and not deceptive."""
    fits = all(choice and len(escaping.plain(choice)) <= OPTION_TEXT for choice in field.choices)
    return fits and 0 < len(field.choices) <= SELECT_OPTIONS and len(set(field.choices)) == len(field.choices)


def input_block(field: FieldView) -> Block:
    """The field, typed, filled in, with its hint."""
    block: Block = {
        "type": "input",
        "block_id": block_id(field.name),
        "label": blocks.plain_text(shortened(field.label or field.name, LABEL_TEXT, _plain)),
        "element": _element(field),
        "optional": field.optional,
    }
    hint = _hint(field)
    return {**block, "hint": blocks.plain_text(hint)} if hint else block


def _element(field: FieldView) -> Block:
    match field.kind:
        case "integer" | "number":
            return _number(field)
        case "boolean":
            return _select(("true", "false"), ("yes", "no"), field.value)
        case "choice" if listed(field):
            values = tuple(str(place) for place in range(len(field.choices)))
            chosen = str(field.choices.index(field.value)) if field.value in field.choices else ""
            return _select(values, tuple(map(escaping.plain, field.choices)), chosen)
        case _:
            return _text(field)


def _text(field: FieldView) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": ActionId.FIELD,
        "multiline": "\n" in field.value or len(field.value) > _ONE_LINE,
        "max_length": max(len(field.value), min(INPUT_TEXT, field.max_length or INPUT_TEXT)),
    }
    return {**element, "initial_value": field.value} if field.value else element


def _number(field: FieldView) -> Block:
    element: Block = {
        "type": "number_input",
        "action_id": ActionId.FIELD,
        "is_decimal_allowed": field.kind == "number",
    }
    if _in_bounds(field):  # Slack refuses a modal whose first value breaks its own bounds
        element["initial_value"] = field.value
    for key, bound in (("min_value", field.minimum), ("max_value", field.maximum)):
        if bound is not None:
            element[key] = spelled(bound)
    return element


def _in_bounds(field: FieldView) -> bool:
    if not _NUMBER.fullmatch(field.value) or (field.kind == "integer" and "." in field.value):
        return False
    number = float(field.value)
    return (field.minimum is None or number >= field.minimum) and (field.maximum is None or number <= field.maximum)


def spelled(number: float) -> str:
    """A bound without an exponent or a needless ".0"."""
    return str(int(number)) if number == int(number) else f"{number:f}".rstrip("0")


def _select(values: tuple[str, ...], texts: tuple[str, ...], chosen: str) -> Block:
    options = [blocks.option(text, value) for text, value in zip(texts, values, strict=True)]
    element: Block = {
        "type": "radio_buttons" if len(options) <= _RADIO else "static_select",
        "action_id": ActionId.FIELD,
        "options": [*options],
    }
    initial = next((option for option in options if option["value"] == chosen), None)
    return {**element, "initial_option": initial} if initial else element


def _hint(field: FieldView) -> str:
    said = [shortened(field.hint, HINT_TEXT // 2, _plain)] if field.hint else []
    if field.kind == "choice" and not listed(field) and field.choices:
        said.append(shortened("one of: " + json.dumps(field.choices, ensure_ascii=False), HINT_TEXT // 4, _plain))
    if odd := escaping.oddities(field.value):
        said.append(f"the value holds characters that are hidden or look like others: {', '.join(odd[:4])}")
    return ". ".join(said)


def _plain(text: str) -> str:
    return escaping.plain(text) or "(empty)"
