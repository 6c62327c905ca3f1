"""The first look at a call: typed, within bounds, and in the one form that people see and the tool gets."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from policy.types import Target
from storage.canonical import canonical
from tools.contract import JsonObject, Tool
from tools.manifest import Bound

MOST_ARGUMENTS = 16_000
"""characters of canonical JSON; what is longer cannot be shown whole to those who decide"""


class BadArguments(Exception):
    """The arguments do not fit the tool; the message names field and bound."""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """Arguments that may be previewed, judged and sealed."""

    parsed: BaseModel
    """read from `arguments`, so preview, card and run see the same values"""
    arguments: JsonObject
    """as they are sealed: canonical, and read again they give `parsed`"""
    target: Target


def validate(tool: Tool, arguments: JsonObject) -> Admitted:
    """The call's arguments, typed, bounded and stable.

    Raises:
        BadArguments: naming each field, what is wrong, and what would be right.
    """
    parsed, text = _stable(tool, _read(tool, _canonical(arguments)))
    if len(text) > MOST_ARGUMENTS:
        message = f"the arguments hold {len(text)} characters; nobody could check more than {MOST_ARGUMENTS}"
        raise BadArguments(message)
    values: JsonObject = json.loads(text)
    for name, bound in tool.manifest.bounds.items():
        if (wrong := outside(bound, values.get(name))) is not None:
            raise BadArguments(f"{name}: {wrong}")
    try:
        target = tool.target(parsed)
    except Exception as error:
        raise BadArguments(f"arguments: they name no target ({type(error).__name__})") from None
    return Admitted(parsed=parsed, arguments=values, target=target)


def outside(bound: Bound, value: Any) -> str | None:
    """Why a value is out of bounds, or None when it is within."""
    if value is None:
        return None
    if bound.one_of is not None and value not in bound.one_of:
        return f"must be one of {', '.join(map(str, bound.one_of))}, not {value!r}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if bound.min is not None and value < bound.min:
            return f"must be at least {bound.min:g}, not {value:g}"
        if bound.max is not None and value > bound.max:
            return f"must be at most {bound.max:g}, not {value:g}"
    if isinstance(value, str) and bound.max_length is not None and len(value) > bound.max_length:
        return f"must be at most {bound.max_length} characters, not {len(value)}"
    return None


def _stable(tool: Tool, parsed: BaseModel) -> tuple[BaseModel, str]:
    """The model and its text, such that the text gives the model. Left-out nothings are for the reader's eye."""
    for leave_out in (True, False):
        text = _canonical(parsed.model_dump(mode="json", exclude_none=leave_out))
        again = _read(tool, text)
        if again == parsed and _canonical(json.loads(text)) == text:  # 2.0**60 is written as a too large whole number
            return again, text
    raise BadArguments("arguments: they do not read back as they were written; use plain text and whole numbers")


def _canonical(arguments: JsonObject) -> str:
    try:
        return canonical(arguments)
    except (ValueError, RecursionError) as error:
        raise BadArguments(f"arguments: {error}") from None


def _read(tool: Tool, text: str) -> BaseModel:
    try:
        return tool.arguments.model_validate_json(text)
    except ValidationError as error:
        parts = [f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg'].lower()}" for e in error.errors()[:6]]
        raise BadArguments("; ".join(parts)) from None
