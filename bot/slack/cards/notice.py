"""One sentence when something did not work: what, the next step, and an id to copy. Never a stack trace."""

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.cards.wording import shortened

_SENTENCE = 900


def notice(what: str, *, next_step: str = "", correlation_id: str = "") -> Card:
    """The sentence, its next step, and the correlation id as code."""
    said = " ".join(shortened(part, _SENTENCE, escaping.ours) for part in (what, next_step) if part)
    body = [blocks.section(said or "something went wrong")]
    if correlation_id:
        body.append(blocks.context(f"id {escaping.code(escaping.reveal(correlation_id[:128]))}"))
    return Card(blocks=tuple(body), text=said or "something went wrong")
