"""A streamed message whose writer died, drawn again from what is stored: the finished steps, the text, and a note."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.wording import shortened

NOTE = "Interrupted, continued below."
_STEPS = 20
_STEP_TEXT = 250
_TEXT = 6_000
_MARKUP = re.compile(r"<(?=[!@#/a-zA-Z])")
"""where Slack would start a mention, a broadcast or a link; other uses of the sign stay readable in code"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step as the stream showed it. `status`: pending | in_progress | complete | error."""

    title: str
    status: str
    finding: str = ""


def orphan_card(steps: Sequence[Step], texts: Sequence[str], *, interrupted: bool = True) -> Card:
    """The message as it ends: nothing in it looks as if it were still going on. Not `interrupted`: it is all there."""
    parts = tuple(_blocks(steps, texts))
    if interrupted:
        return Card(blocks=(*parts, blocks.context(f"– {NOTE}")), text=NOTE)
    return Card(blocks=parts, text=shortened(" ".join(texts) or "Done", _STEP_TEXT, escaping.plain))


def _blocks(steps: Sequence[Step], texts: Sequence[str]) -> Iterator[Block]:
    if steps:
        yield blocks.rich_text(blocks.bullets(_step(step) for step in steps[:_STEPS]))
    if (rest := len(steps) - _STEPS) > 0:
        yield blocks.context(f"_and {rest:,} more steps_")
    text = "\n\n".join(one for one in texts if one.strip())
    if text:
        shown = _MARKUP.sub("&lt;", text)
        whole = len(shown) <= _TEXT
        kept = shown if whole else f"{shown[:_TEXT]}\n\n… ({len(shown):,} characters in all)"
        yield {"type": "markdown", "text": kept}


def _step(step: Step) -> Block:
    mark, said = _MARKS.get(step.status, ("–", " (interrupted)"))
    title = shortened(step.title or "step", _STEP_TEXT, escaping.plain)
    runs = [blocks.words(f"{mark} {title}{said}")]
    if step.finding:
        runs.append(blocks.words(f"  {shortened(step.finding, _STEP_TEXT, escaping.plain)}"))
    return blocks.line(*runs)


_MARKS = {"complete": ("✓", ""), "error": ("✗", " (failed)")}
