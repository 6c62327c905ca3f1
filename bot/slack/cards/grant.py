"""Standing grants as people see them: the modal that gives one, a row in a list, and a row with Revoke on Home."""

from dataclasses import dataclass

from bot.orchestrator.views import GrantLine
from bot.slack.actions import ActionId, ActionRef, BlockId, CallbackId, action_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import SECTION_TEXT, Block
from bot.slack.cards.submitted import FieldErrors, submitted
from bot.slack.cards.wording import shortened, when
from policy.waiting import GrantBounds

_HOW = (
    "Exactly this call, from the same state to the same, for who asked for it now and in this channel, runs again "
    "without asking, in your name. "
    "It is on the record, Home lists it, and Revoke ends it. This card still needs its own approval."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was typed."""

    times: int
    minutes: int


def grant_modal(ref: ActionRef, says: str, most: GrantBounds) -> Block:
    """Asks how often and how long, within what one person may give."""
    line = shortened(says, SECTION_TEXT - 400, escaping.says)
    return blocks.modal(
        callback_id=CallbackId.GRANT,
        title="Allow again",
        blocks=[
            blocks.section(line),
            _number(BlockId.MINUTES, "Minutes", most.minutes),
            _number(BlockId.TIMES, "Times", most.times),
            blocks.context(_HOW),
        ],
        metadata=action_value(ref),
        submit="Allow it",
        close="Back",
    )


def wanted(state_values: object, most: GrantBounds) -> Wanted | FieldErrors:
    """Minutes and times as typed; or the errors at their fields."""
    typed = submitted(state_values)
    errors: dict[str, str] = {}
    found: dict[str, int] = {}
    for place, bound in ((BlockId.MINUTES, most.minutes), (BlockId.TIMES, most.times)):
        text = typed.get(place, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= bound:
            found[place] = int(text)
        else:
            errors[place] = f"a number from 1 to {bound}; for more, change the rules"
    if errors:
        return FieldErrors(errors=errors)
    return Wanted(times=found[BlockId.TIMES], minutes=found[BlockId.MINUTES])


def grant_row(grant: GrantLine) -> str:
    """One grant: what, whose, for whom, what is left, until when, and its id for the command."""
    return f"• {_said(grant)} · {escaping.code(escaping.reveal(grant.id))}"


def home_row(grant: GrantLine) -> Block:
    """The same on Home, with Revoke beside it; whether the presser may is checked when it is pressed."""
    ask = blocks.confirm(title="Revoke this grant?", text="It asks people again from now on.", yes="Revoke")
    revoke = blocks.button("Revoke", action_id=ActionId.GRANT_REVOKE, value=grant.id, ask=ask)
    return blocks.section(_said(grant), accessory=revoke)


def _said(grant: GrantLine) -> str:
    says = shortened(grant.says, 300, escaping.says)
    who = f"by {escaping.person(grant.granter)} for {escaping.person(grant.requester)}"
    return f"{says} · {who} · {grant.left} of {grant.most} left · until {when(grant.until)}"


def _number(place: BlockId, label: str, most: int) -> Block:
    element: Block = {
        "type": "number_input",
        "action_id": ActionId.FIELD,
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": str(most),
        "initial_value": str(most),
    }
    hint = blocks.plain_text(f"at most {most}")
    return {"type": "input", "block_id": place, "label": blocks.plain_text(label), "hint": hint, "element": element}
