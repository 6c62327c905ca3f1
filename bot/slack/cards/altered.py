"""The card of a proposal whose stored bytes no longer match its id: it shows none of them, and has no button."""

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card

_SAID = "Altered after it was proposed"
_WHAT = (
    "what is stored is not what this card was made of. Nothing of it runs, whatever was approved. "
    "Ask again for what you need; the record (`autopilot audit show`) says what was proposed and by whom."
)


def altered_card(proposal_id: str) -> Card:
    """Without a word of the altered bytes: they could say anything."""
    body = (
        blocks.section(f"✗ *{_SAID}*: {_WHAT}"),
        blocks.context(escaping.code(escaping.reveal(proposal_id[:12]))),
    )
    return Card(blocks=body, text=f"{_SAID}: nothing of it runs")
