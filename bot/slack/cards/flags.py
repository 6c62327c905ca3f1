"""One line on the card when something on it does not look like what it is."""

import json
from collections.abc import Iterator

from bot.orchestrator.views import ApprovalView
from bot.slack.cards.escaping import oddities

_NAMED = 4


def flag_line(view: ApprovalView) -> str:
    """Names the hidden or look-alike characters of everything the decision rests on; "" when there are none."""
    found = list(dict.fromkeys(name for text in decisive_texts(view) for name in oddities(text)))
    if not found:
        return ""
    rest = len(found) - _NAMED
    named = ", ".join(found[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
    return f"△ *Hidden or look-alike characters*, shown here as code points: {named}"


def decisive_texts(view: ApprovalView) -> Iterator[str]:
    """Every text that carries sealed values; not the bot's own words."""
    yield from (view.says, view.verb, view.tool, view.env, view.undo_says)
    for argument in view.arguments:
        yield from (argument.name, _decoded(argument.value), argument.origin)
    for change in (*view.changes, *view.moved):
        yield from (change.label, *(json.dumps(value, ensure_ascii=False) for value in (change.before, change.after)))
    for link in view.evidence:
        yield from (link.label, link.url)
    yield from (counted.unit for counted in view.counted)


def _decoded(value: str) -> str:
    """JSON that spells a character as an escape hides it from the eye as well; flag what it stands for."""
    try:
        return json.dumps(json.loads(value), ensure_ascii=False)
    except (ValueError, RecursionError):
        return value
