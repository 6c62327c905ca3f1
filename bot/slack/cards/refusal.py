"""The answer to a press that does not count, for the presser only: why, what would be allowed, whom to ask."""

from collections.abc import Sequence

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.cards.wording import clipped, shortened

_SENTENCE = 600
_NAME = 80
_BUILT_IN = {
    "builtin:default-deny": "none of your groups may do this",
    "builtin:people": "without knowing who is in a group, nobody new is let through",
    "builtin:unknown-person": "only active members of this workspace count",
    "builtin:engine-error": "the policy could not be read, so nothing is allowed",
    "builtin:hand-over": "handing over gives nobody a right they do not have",
    "builtin:step-up": "a Slack session alone is not enough for this",
    "builtin:seal": "the sealed proposal no longer matches its id",
}
"""what the rules that stand in no policy file mean"""


def refusal(
    what: str,
    *,
    rules: Sequence[str] = (),
    allowed: str = "",
    ask: Sequence[str] = (),
    correlation_id: str = "",
) -> Card:
    """`what` is the sentence ("you cannot approve this: you asked for it"); the rest helps to go on."""
    lines = [f"⊘ *{shortened(what, _SENTENCE, escaping.ours)}*"]
    if allowed:
        lines.append(f"→ {shortened(allowed, _SENTENCE)}")
    if ask:
        named = clipped((shortened(name, _NAME, escaping.person) for name in ask), most=8, limit=500, noun="person")
        lines.append(f"Ask {', '.join(named)}.")
    foot = [", ".join(clipped(map(_rule, rules), most=5, limit=400, noun="rule"))] if rules else []
    if correlation_id:
        foot.append(f"id {shortened(correlation_id, _NAME)}")
    body = [blocks.section("\n".join(lines))]
    if foot:
        body.append(blocks.context(" · ".join(foot)))
    return Card(blocks=tuple(body), text=shortened(what, _SENTENCE))


def _rule(rule: str) -> str:
    return _BUILT_IN.get(rule) or f"rule {shortened(rule, _NAME)}"
