"""The daily digest: counts first, then what is open, then what was done."""

from bot.orchestrator.views import DigestView
from bot.slack.cards import blocks
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.escaping import plain
from bot.slack.cards.lists import action_row, listing
from bot.slack.cards.wording import clipped, duration, plural, shortened, when

_OPEN, _DONE = 10, 15
_LIST = 4_800
"""characters of one list: both and the counts fit one message"""
_HEADER = 150


def digest_card(view: DigestView) -> Card:
    """The digest in one message, however much happened; lists say how many more there are."""
    counts = _counts(view)
    body: list[Block] = [
        blocks.header(shortened(view.title or "Digest", _HEADER, plain)),
        blocks.context(f"{when(view.since)} to {when(view.until)}"),
        blocks.section(counts),
    ]
    rows = [action_row(item) for item in view.open_items]
    body += listing("Still open", rows, noun="item", most=_OPEN, limit=_LIST, empty="Nothing waits for anybody.")
    rows = [action_row(item) for item in view.actions]
    body += listing("Done", rows, noun="action", most=_DONE, limit=_LIST, empty="No action ran.")
    body += unnamed(view)
    if view.failing_tools:
        failing = [f"{shortened(tool, 80)} failed {failed:,} of {of:,}" for tool, failed, of in view.failing_tools]
        body.append(blocks.section("*Failing tools*\n" + "\n".join(clipped(failing, most=8, limit=1_200, noun="tool"))))
    return Card(blocks=tuple(body), text=f"{shortened(view.title or 'Digest', _HEADER)}: {counts.splitlines()[0]}")


def unnamed(view: DigestView) -> list[Block]:
    """What the lists leave out."""
    if not view.unnamed:
        return []
    return [blocks.context(f"{view.unnamed:,} more in private channels and direct messages: named there and on Home.")]


def _counts(view: DigestView) -> str:
    took = view.median_decision_seconds
    decided = f", decided in {duration(took)} at the median" if took is not None else ""
    return "\n".join(
        (
            f"{plural(view.tasks_started, 'task')} started, {view.tasks_completed:,} completed, "
            f"{view.tasks_failed:,} failed",
            f"{plural(view.proposed, 'proposal')}: {view.approved:,} approved, {view.rejected:,} rejected, "
            f"{view.expired:,} unanswered{decided}",
            f"{plural(view.auto_run, 'action')} ran without asking, {view.undone:,} undone",
        )
    )
