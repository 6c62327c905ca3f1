"""The way to the second factor, for the presser only: what was counted (nothing), and the link that works once."""

from bot.slack.actions import ActionId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card

_FOOT = "The link is for you alone and works once. The page shows exactly what you approve."


def step_up_card(message: str, link: str) -> Card:
    """`link` is an address of our own console."""
    said = message[:1].upper() + message[1:] + "."
    button = blocks.button("Prove it and approve", action_id=ActionId.OPEN, value="step-up", style="primary")
    body = (
        blocks.section(escaping.ours(said)),
        blocks.actions("step_up", [{**button, "url": link}]),
        blocks.context(_FOOT),
    )
    return Card(blocks=body, text=escaping.plain(said))
