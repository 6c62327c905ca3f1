"""The Hand over modal: one person, picked from everybody; whether they may approve is checked when it is sent."""

from bot.slack.actions import ActionId, ActionRef, BlockId, CallbackId, action_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import SECTION_TEXT, Block
from bot.slack.cards.submitted import FieldErrors, submitted
from bot.slack.cards.wording import shortened


def handover_modal(ref: ActionRef, says: str, needs: str) -> Block:
    """Asks whom to hand a proposal to; `needs` says whose approval it takes."""
    person: Block = {
        "type": "input",
        "block_id": BlockId.PERSON,
        "label": blocks.plain_text("Hand to"),
        "hint": blocks.plain_text(f"Gets the card in a direct message. It needs {needs}."[:150]),
        "element": {
            "type": "users_select",
            "action_id": ActionId.FIELD,
            "placeholder": blocks.plain_text("Somebody who may approve"),
        },
    }
    return blocks.modal(
        callback_id=CallbackId.HAND_OVER,
        title="Hand over",
        blocks=[blocks.section(shortened(says, SECTION_TEXT, escaping.says)), person],
        metadata=action_value(ref),
        submit="Hand over",
        close="Back",
    )


def handed_to(state_values: object) -> str | FieldErrors:
    """The person that was picked; or the error at the field."""
    picked = submitted(state_values).get(BlockId.PERSON, "")
    return picked or FieldErrors(errors={BlockId.PERSON: "pick a person"})
