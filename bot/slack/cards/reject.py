"""The Reject modal: a No needs a reason, because people and the bot both learn from it."""

from bot.slack.actions import ActionId, ActionRef, BlockId, CallbackId, action_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import SECTION_TEXT, Block
from bot.slack.cards.submitted import FieldErrors, submitted
from bot.slack.cards.wording import shortened

_LEAST, _MOST = 3, 500


def reject_modal(ref: ActionRef, says: str) -> Block:
    """Asks for the reason of a No; the reason goes on the card and to the bot."""
    element: Block = {
        "type": "plain_text_input",
        "action_id": ActionId.FIELD,
        "multiline": True,
        "min_length": _LEAST,
        "max_length": _MOST,
        "focus_on_load": True,
    }
    reason: Block = {
        "type": "input",
        "block_id": BlockId.REASON,
        "label": blocks.plain_text("Reason"),
        "hint": blocks.plain_text("Shown on the card and told to the bot, so that it does not ask for the same again."),
        "element": element,
    }
    return blocks.modal(
        callback_id=CallbackId.REJECT,
        title="Reject proposal",
        blocks=[blocks.section(shortened(says, SECTION_TEXT, escaping.says)), reason],
        metadata=action_value(ref),
        submit="Reject",
        close="Back",
    )


def reject_reason(state_values: object) -> str | FieldErrors:
    """The reason as typed, without blanks around it; or the error at the field."""
    typed = submitted(state_values).get(BlockId.REASON, "").strip()
    if len(typed) < _LEAST:
        return FieldErrors(errors={BlockId.REASON: "say in a few words why; it is shown on the card"})
    return typed[:_MOST]
