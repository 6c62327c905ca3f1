"""The Edit modal, and what was typed into it. An edit makes a new proposal; this only reads and checks types."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bot.orchestrator.views import EditView, FieldView
from bot.slack.actions import ActionRef, CallbackId, action_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import SECTION_TEXT, Block
from bot.slack.cards.fields import block_id, editable, input_block, listed, spelled
from bot.slack.cards.submitted import FieldErrors, submitted
from bot.slack.cards.wording import shortened

_FIELDS = 40
_DIGITS = 60


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The typed values by argument name; a field left empty is None, one that was not offered is missing."""

    values: dict[str, JsonValue]


class _Wrong(ValueError):
    """The typed text is not a value of the field's kind; the message stands at the field."""


def edit_modal(view: EditView) -> Block:
    """Typed fields filled with the sealed values; `private_metadata` holds the proposal's id and fence only."""
    offered = [field for field in view.fields if editable(field)][:_FIELDS]
    left = [field for field in view.fields if field not in offered]
    line = shortened(view.says, SECTION_TEXT - 200, escaping.says)
    body = [blocks.section(f"{line}\nAn edit makes a new proposal; votes do not carry over.")]
    body += [input_block(field) for field in offered]
    if left:
        names = ", ".join(shortened(field.name, 80) for field in left[:10])
        more = f" and {len(left) - 10:,} more" if len(left) > 10 else ""
        body.append(blocks.context(f"Too long to edit here, stays as it is: {names}{more}"))
    return blocks.modal(
        callback_id=CallbackId.EDIT,
        title="Edit proposal",
        blocks=body,
        metadata=action_value(ActionRef(proposal_id=view.proposal_id, fence=view.fence)),
        submit="Propose the edit",
        close="Cancel",
    )


def edit_values(state_values: object, fields: Sequence[FieldView]) -> Edited | FieldErrors:
    """What was typed, as the kinds of `fields` (from our record, not from the modal) say; or the errors."""
    typed = submitted(state_values)
    values: dict[str, JsonValue] = {}
    errors: dict[str, str] = {}
    for field in [one for one in fields if editable(one)][:_FIELDS]:
        place = block_id(field.name)
        try:
            values[field.name] = _typed(typed.get(place), field)
        except _Wrong as wrong:
            errors[place] = str(wrong)
    return FieldErrors(errors=errors) if errors else Edited(values=values)


def _typed(raw: str | None, field: FieldView) -> JsonValue:
    if raw is None or raw == "":
        if field.optional:
            return None
        raise _Wrong("this is needed")
    match field.kind:
        case "integer" | "number":
            return _number(raw, field)
        case "boolean":
            if raw not in {"true", "false"}:
                raise _Wrong(f"choose yes or no, not {_quoted(raw)}")
            return raw == "true"
        case "choice":
            return _choice(raw, field)
        case "string":
            if field.max_length is not None and len(raw) > field.max_length:
                raise _Wrong(f"has {len(raw):,} characters; at most {field.max_length:,} are allowed")
            return raw
        case _:
            raise _Wrong(f"a field of kind {field.kind!r} cannot be edited here")


def _number(raw: str, field: FieldView) -> int | float:
    if len(raw) > _DIGITS:
        raise _Wrong(f"{_quoted(raw)} is too long for a number")
    try:
        number: int | float = int(raw) if field.kind == "integer" else float(raw)
    except ValueError:
        raise _Wrong(f"{_quoted(raw)} is not a{'n integer' if field.kind == 'integer' else ' number'}") from None
    if not math.isfinite(number) or not raw.isascii() or "_" in raw:
        raise _Wrong(f"{_quoted(raw)} is not a number")
    if field.minimum is not None and number < field.minimum:
        raise _Wrong(f"must be {spelled(field.minimum)} or more")
    if field.maximum is not None and number > field.maximum:
        raise _Wrong(f"must be {spelled(field.maximum)} or less")
    return number


def _choice(raw: str, field: FieldView) -> str:
    if listed(field):
        if raw.isascii() and raw.isdigit() and len(raw) < 4 and int(raw) < len(field.choices):
            return field.choices[int(raw)]
    elif raw in field.choices:
        return raw
    raise _Wrong(f"{_quoted(raw)} is not one of the choices")


def _quoted(raw: str) -> str:
    return repr(raw if len(raw) <= 40 else f"{raw[:40]}…")
