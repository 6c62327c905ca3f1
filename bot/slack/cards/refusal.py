"""The answer to a press that does not count, for the presser only: which rule, what would be allowed, whom to ask."""

from collections.abc import Sequence

from bot.slack.cards import blocks
from bot.slack.cards.blocks import Card
from bot.slack.cards.escaping import person
from bot.slack.cards.wording import clipped, shortened

_SENTENCE = 600
_NAME = 80


def refusal(
    what: str,
    *,
    rules: Sequence[str] = (),
    allowed: str = "",
    ask: Sequence[str] = (),
    correlation_id: str = "",
) -> Card:
    """`what` is the sentence ("you cannot approve this: you asked for it"); the rest helps to go on."""
    lines = [f"⊘ {shortened(what, _SENTENCE)}"]
    if rules:
        named = clipped((shortened(rule, _NAME) for rule in rules), most=5, limit=400, noun="rule")
        lines.append(f"*Rule*  {', '.join(named)}")
    if allowed:
        lines.append(f"*Allowed*  {shortened(allowed, _SENTENCE)}")
    if ask:
        named = clipped((shortened(name, _NAME, person) for name in ask), most=8, limit=500, noun="person")
        lines.append(f"*Ask*  {', '.join(named)}")
    body = [blocks.section("\n".join(lines))]
    if correlation_id:
        body.append(blocks.context(f"id {shortened(correlation_id, _NAME)}"))
    return Card(blocks=tuple(body), text=shortened(what, _SENTENCE))
