"""The line below a model's answer that code draws: what was compared with results, and what is the model's own."""

from collections.abc import Callable

from bot.agent.vouching import Vouched
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block
from bot.slack.cards.wording import plural

_OWN, _SOURCES, _LENGTH = 8, 3, 60


def checked_row(seen: Vouched, evidence_url: Callable[[str], str]) -> Block:
    """No model can draw this: it stands below the answer, among the blocks that end it."""
    return blocks.context(" ".join(filter(None, (_compared(seen, evidence_url), _changed(seen)))))


def _compared(seen: Vouched, evidence_url: Callable[[str], str]) -> str:
    total = seen.found + len(seen.own)
    if not seen.results:
        return "*Not checked*: nothing was looked up for this answer; it is the model's own."
    if not total:
        read = plural(seen.results, "result")
        return f"*Not checked*: the answer has no figure or name to compare with the {read} it was given."
    standing = "stands" if seen.found == 1 else "stand"
    what = "1 figure or name" if total == 1 else f"{total:,} figures and names"
    where = f"in what tools returned or people asked{_sources(seen, evidence_url)}"
    said = f"*Checked*: {seen.found} of {what} {standing} {where}."
    if seen.own:
        rest = len(seen.own) - _OWN
        named = ", ".join(map(_short, seen.own[:_OWN])) + (f" and {rest:,} more" if rest > 0 else "")
        said += f" *Not checked*, the model's own: {named}."
    return said + " The wording is the model's."


def _sources(seen: Vouched, evidence_url: Callable[[str], str]) -> str:
    shown = [_source(label, evidence, evidence_url) for label, evidence in seen.sources[:_SOURCES]]
    rest = len(seen.sources) - _SOURCES
    return f" ({'; '.join(shown)}{f'; {rest:,} more' if rest > 0 else ''})" if shown else ""


def _source(label: str, evidence: str, evidence_url: Callable[[str], str]) -> str:
    link = escaping.link(evidence_url(evidence), "evidence") if evidence else ""
    return f"{_short(label)} {link}".strip()


def _short(text: str) -> str:
    shown = text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"
    return escaping.code(escaping.reveal(shown))


def _changed(seen: Vouched) -> str:
    if not seen.held and not seen.unsure:
        return "Nothing was changed."
    parts = [f"{plural(seen.held, 'change')} whose check held"] if seen.held else []
    parts += [f"{plural(seen.unsure, 'change')} that no check confirmed"] if seen.unsure else []
    return f"Changes: {', '.join(parts)}."
