"""What a modal sends back, checked where it enters: the one typed value of each input block."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.slack.actions import ActionId


@dataclass(frozen=True, kw_only=True)
class FieldErrors:
    """What is wrong, by block id, as the `errors` of Slack's response want it."""

    errors: dict[str, str]


class _Option(BaseModel):
    value: str


class _Element(BaseModel):
    value: str | None = None
    selected_option: _Option | None = None
    selected_conversation: str | None = None
    selected_user: str | None = None


_STATE = TypeAdapter(dict[str, dict[str, _Element]])


def submitted(state_values: object) -> Mapping[str, str]:
    """The typed or chosen value by block id, from `view.state.values`; empty when that is not what Slack sends."""
    try:
        state = _STATE.validate_python(state_values)
    except ValidationError:
        return {}
    elements = {place: inputs[ActionId.FIELD] for place, inputs in state.items() if ActionId.FIELD in inputs}
    values = {place: _value(one) for place, one in elements.items()}
    return {place: value for place, value in values.items() if value is not None}


def _value(element: _Element) -> str | None:
    if element.selected_option is not None:
        return element.selected_option.value
    picked = element.selected_conversation if element.selected_conversation is not None else element.selected_user
    return picked if picked is not None else element.value
