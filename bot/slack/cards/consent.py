"""The question before somebody's words first go to a provider, and what is shown in its place afterwards."""

from bot.slack.actions import ActionId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card


def consent_card(agent: str, words: str, terms: str) -> Card:
    """Which data policy, what is sent, and the two answers."""
    said = (
        f"Before I begin: *{escaping.says(agent)}* works with a model that runs elsewhere "
        f"({escaping.says(words)}). Your request, its thread and what my tools find for it are sent there. "
        "I ask you this once; your request waits for your answer."
    )
    yes = blocks.button("Yes, go on", action_id=ActionId.CONSENT_YES, value=terms, style="primary")
    no = blocks.button("No", action_id=ActionId.CONSENT_NO, value=terms)
    return Card(blocks=(blocks.section(said), blocks.actions("consent.buttons", [yes, no])), text="Before I begin")
