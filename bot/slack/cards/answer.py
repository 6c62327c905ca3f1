"""What ends a streamed answer: was it of use, ask it again, and the id that finds everything about it."""

from collections.abc import Iterator, Sequence

from bot.brains.base import JsonObject
from bot.slack.actions import ActionId, BlockId, Feedback, feedback_value, part_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block


def answer_end(correlation_id: str, task_id: str, checked: Block | None = None) -> tuple[Block, ...]:
    """The blocks for `chat.stopStream`. `checked`: the line below a model's words (checked.py)."""
    buttons: Block = {
        "type": "feedback_buttons",
        "action_id": ActionId.FEEDBACK,
        "positive_button": _feedback("Helpful", "This answer was helpful", Feedback.GOOD, task_id),
        "negative_button": _feedback("Not helpful", "This answer was not helpful", Feedback.BAD, task_id),
    }
    again = blocks.button("Regenerate", action_id=ActionId.REGENERATE, value=task_id)
    return (
        *([checked] if checked is not None else []),
        {"type": "context_actions", "block_id": BlockId.FEEDBACK, "elements": [buttons]},
        blocks.actions(BlockId.AGAIN, [again]),
        blocks.context(f"id {escaping.code(escaping.reveal(correlation_id[:128]))}"),
    )


def more_row(task_id: str, part: int, left: int) -> Block:
    """The row below the shown beginning of a long answer. `left`: characters behind it."""
    says, value = f"Show more ({left:,} characters)", part_value(task_id, part)
    return blocks.actions(BlockId.MORE, [blocks.button(says, action_id=ActionId.SHOW_MORE, value=value)])


def stop_row(task_id: str) -> Block:
    """The row below an answer that is still being written, where Slack has no Stop of its own."""
    return blocks.actions(BlockId.STOP, [blocks.button("Stop", action_id=ActionId.STOP, value=task_id)])


def in_plain_blocks(ending: Sequence[JsonObject]) -> list[JsonObject]:
    """The same for a Slack from before agents, whose buttons are all ordinary ones, in one row."""
    rest = [block for block in ending if block["type"] not in ("context_actions", "actions")]
    row = [element for block in ending if block not in rest for element in _plain_elements(block)]
    return [blocks.actions(BlockId.FEEDBACK, row), *rest] if row else rest


def _plain_elements(block: JsonObject) -> Iterator[Block]:
    elements = block.get("elements")
    for element in elements if isinstance(elements, list) else ():
        if not isinstance(element, dict):
            continue
        if element.get("type") != "feedback_buttons":
            yield element
            continue
        for side, action_id in (("positive_button", ActionId.GOOD), ("negative_button", ActionId.BAD)):
            if isinstance(button := element.get(side), dict):
                yield {"type": "button", "action_id": action_id, **button}


def _feedback(text: str, spoken: str, feedback: Feedback, task_id: str) -> Block:
    value = feedback_value(feedback, task_id)
    return {"text": blocks.plain_text(text), "accessibility_label": spoken, "value": value}
