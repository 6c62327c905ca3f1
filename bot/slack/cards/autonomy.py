"""The weekly autonomy digest: the week's chart, its counts, what is open and what fails."""

import math

from bot.schedules.autonomy import AutonomyView
from bot.schedules.chart import alt_text
from bot.slack.cards import blocks
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.digest import unnamed
from bot.slack.cards.lists import action_row, listing
from bot.slack.cards.wording import clipped, duration, plural, shortened, when

_OPEN = 10


def autonomy_card(view: AutonomyView, *, chart: str = "") -> Card:
    """The digest in one message; `chart` is the id of its picture in Slack, "" when there is none."""
    digest = view.digest
    body: list[Block] = [
        blocks.header("Weekly autonomy digest"),
        blocks.context(f"{when(digest.since)} to {when(digest.until)} · days as in {view.tz}"),
        blocks.section(counts(view)),
    ]
    if chart:
        body.append({"type": "image", "slack_file": {"id": chart}, "alt_text": alt_text(view)[:1_900]})
    if digest.failing_tools:
        rows = [
            f"• {shortened(tool, 80)} failed {failed:,} of {of:,}, {math.ceil(failed * 100 / of)} %"
            for tool, failed, of in digest.failing_tools
        ]
        body.append(blocks.section("*Failing tools*\n" + "\n".join(clipped(rows, most=8, limit=1_200, noun="tool"))))
    open_rows = [action_row(item) for item in digest.open_items]
    elsewhere = digest.waiting - len(digest.open_items)
    empty = "Nothing waits for anybody." if not elsewhere else "Nothing waits that all who read this may read."
    body += listing("Still open", open_rows, noun="item", most=_OPEN, empty=empty, limit=4_800)
    if elsewhere:
        body.append(blocks.context(f"{elsewhere:,} more in private channels and direct messages: named there."))
    body += unnamed(digest)
    return Card(blocks=tuple(body), text=f"Weekly autonomy digest: {counts(view).splitlines()[0]}")


def counts(view: AutonomyView) -> str:
    """The week in four lines."""
    digest, took = view.digest, view.digest.median_decision_seconds
    if view.empty and not digest.proposed:
        return "Nothing was proposed and nothing ran this week."
    decided = f"Decided in {duration(took)} at the median" if took is not None else "Nothing was decided"
    return "\n".join(
        (
            f"*{plural(digest.proposed, 'proposal')}*: {digest.approved:,} approved, {digest.rejected:,} rejected, "
            f"{digest.expired:,} expired unanswered; {view.edited:,} edited first",
            f"*{plural(digest.auto_run, 'action')}* ran without asking, {digest.undone:,} undone",
            f"{decided}; {digest.waiting:,} still open",
            f"{plural(digest.tasks_started, 'task')} started, {digest.tasks_completed:,} completed, "
            f"{digest.tasks_failed:,} failed",
        )
    )
