"""What ends a streamed answer: was it of use, and the id that finds everything about it."""

from bot.slack.actions import ActionId, BlockId, Feedback, feedback_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block


def answer_end(correlation_id: str) -> tuple[Block, ...]:
    """The blocks for `chat.stopStream`."""
    buttons: Block = {
        "type": "feedback_buttons",
        "action_id": ActionId.FEEDBACK,
        "positive_button": _feedback("Helpful", "This answer was helpful", Feedback.GOOD, correlation_id),
        "negative_button": _feedback("Not helpful", "This answer was not helpful", Feedback.BAD, correlation_id),
    }
    return (
        {"type": "context_actions", "block_id": BlockId.FEEDBACK, "elements": [buttons]},
        blocks.context(f"id {escaping.code(escaping.reveal(correlation_id[:128]))}"),
    )


def _feedback(text: str, spoken: str, feedback: Feedback, correlation_id: str) -> Block:
    value = feedback_value(feedback, correlation_id[:128])
    return {"text": blocks.plain_text(text), "accessibility_label": spoken, "value": value}
