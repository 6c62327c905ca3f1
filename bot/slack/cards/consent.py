"""The question before somebody's words first go to a provider, and what is shown in its place afterwards."""

from collections.abc import Sequence

from bot.lifecycle.consent import Terms
from bot.slack.actions import ActionId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.cards.notice import notice


def agreed_card(agreed: Sequence[Terms]) -> Card:
    """What somebody agreed to, and how to take it back."""
    lines = [f"• *{escaping.says(one.agent)}*  {escaping.says(one.words)}" for one in agreed]
    if not lines:
        return notice("You have not agreed that anything of yours is sent to a model provider.")
    said = "\n".join(["*You agreed that your requests are sent there*", *lines])
    last = "`/autopilot consent withdraw`, or `consent withdraw` after a mention, takes it back."
    return Card(blocks=(blocks.section(said), blocks.context(last)), text="what you agreed to")


def withdrawn_card(count: int) -> Card:
    """What became of taking it back."""
    if not count:
        return notice("There was nothing to take back: you had not agreed that anything of yours is sent out.")
    return notice("Taken back. Nothing more of yours is sent there; your next request asks you again.")


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
