"""A number over time in the thread: the picture, or the same in words where there is none."""

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.wording import shortened

_MOST = 1_900


def picture_card(name: str, said: str, *, file_id: str = "") -> Card:
    """`said` is what the picture shows, in words; `file_id` its id in Slack, "" when it could not be drawn."""
    if not file_id:
        return Card(blocks=(blocks.section(shortened(said, _MOST)),), text=escaping.plain(said)[:_MOST])
    picture: Block = {
        "type": "image",
        "slack_file": {"id": file_id},
        "alt_text": escaping.plain(said)[:_MOST],
        "title": blocks.plain_text(escaping.reveal(name)[:200]),
    }
    return Card(blocks=(picture,), text=escaping.plain(said)[:_MOST])
