"""The card of a proposal whose stored bytes no longer match its id: it says what moved, and has no button."""

from collections.abc import Sequence

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.cards.wording import clipped
from tools.contract import Change

_SAID = "Altered after it was proposed"
_WHAT = (
    "what is stored is not what this card was made of. Nothing of it runs, whatever was approved. "
    "Ask again for what you need; the record (`autopilot audit show`) says what was proposed and by whom."
)
_ROWS = 6
_LABEL, _VALUE = 80, 180
"""characters; six rows of these fit into one block"""


def altered_card(proposal_id: str, moved: Sequence[Change]) -> Card:
    """Each altered field as it was and as it is now, both literal: what is stored now could say anything."""
    body = [blocks.section(f"✗ *{_SAID}*: {_WHAT}")]
    if moved:
        rows = map(_row, moved[:_ROWS])
        body.append(blocks.section("\n".join(["*What moved*: as it was proposed → as it is stored now", *rows])))
    if rest := [_label(change) for change in moved[_ROWS:]]:
        body.append(blocks.section(f"and also {', '.join(clipped(rest, most=40, limit=2_500, noun='field'))}"))
    body.append(blocks.context(escaping.code(escaping.reveal(proposal_id[:12]))))
    names = ", ".join(map(_label, moved[:_ROWS])).replace("`", "")
    return Card(blocks=tuple(body), text=f"{_SAID}{f' ({names})' if names else ''}: nothing of it runs")


def erased_card(proposal_id: str) -> Card:
    """What stands where an ended card stood whose call was erased."""
    said = "What this card said was erased on request; the record says when and by whom."
    body = (blocks.section(said), blocks.context(escaping.code(escaping.reveal(proposal_id[:12]))))
    return Card(blocks=body, text=said)


def _row(change: Change) -> str:
    if change.before is None and change.after is None:
        return f"• {_label(change)}"
    draw = _line if change.label.endswith("says") else _value
    return f"• {_label(change)}:  {draw(change.before)} → {draw(change.after)}"


def _label(change: Change) -> str:
    drawn = escaping.code(escaping.reveal(change.label))
    return drawn if len(drawn) <= _LABEL else f"_a field whose name has {len(change.label):,} characters_"


def _line(value: object) -> str:
    """What a card said in its first line, as it said it."""
    drawn = escaping.says(value) if isinstance(value, str) else ""
    return f"“{drawn}”" if 0 < len(drawn) <= _VALUE else _value(value)


def _value(value: object) -> str:
    if value is None:
        return "(nothing)"
    shown = escaping.bare(value)  # type: ignore[arg-type]  # JSON by the type of Change
    drawn = escaping.code(shown)
    return drawn if len(drawn) <= _VALUE else f"_a value of {len(shown):,} characters_"
