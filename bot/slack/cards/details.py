"""The details modal: everything the card says and everything it had no room for, whole and literal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.orchestrator.views import ApprovalView, Need, VoteLine
from bot.slack.actions import ActionRef, CallbackId, action_value
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import MODAL_BLOCKS, Block
from bot.slack.cards.states import headline
from bot.slack.cards.wording import utc
from tools.contract import Change

PAGE = 2_800
"""characters of one block"""
MODAL_TEXT = 60_000
"""characters of one modal; Slack refuses views near 250,000 bytes, and a character can take four of them"""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One headed stretch of the record."""

    title: str
    text: str


def details_modal(view: ApprovalView, sealed: str) -> Block:
    """All of one proposal; `sealed` is its canonical JSON. What `too_long_to_show` let through is shown whole."""
    pages = list(_pages(view, sealed))
    kept = pages[: _fitting(pages)]
    rest = len(pages) - len(kept)
    shown = [block for _, block in kept]
    if rest:
        shown.append(blocks.context(f"△ {rest:,} more pages do not fit here; the console shows the whole record"))
    return blocks.modal(
        callback_id=CallbackId.DETAILS,
        title="Proposal details",
        blocks=shown,
        metadata=action_value(ActionRef(proposal_id=view.proposal_id, fence=view.fence)),
    )


def too_long_to_show(view: ApprovalView, sealed: str = "") -> str | None:
    """Why this must not be proposed: nobody could read it whole before deciding. None when it can be shown."""
    pages = list(_pages(view, sealed))
    if _fitting(pages) == len(pages):
        return None
    size = sum(length for length, _ in pages)
    longest = max(view.arguments, key=lambda argument: len(argument.value), default=None)
    name = "" if longest is None else f"; the longest argument, {longest.name!r}, has {len(longest.value):,}"
    return (
        f"this takes {size:,} characters to show and {MODAL_TEXT:,} can be shown whole{name}; "
        "propose it in smaller pieces, or refer to the long value by name"
    )


def parts_of(view: ApprovalView, sealed: str) -> tuple[Part, ...]:
    """The record as headed text. One fact a line: a line break inside a value is a mark, never a new line."""
    risk = [f"{view.risk.score} of 100, {view.risk.band}", *(f"{_l(p.label)} {p.points:+d}" for p in view.risk.parts)]
    every = (
        ("What will happen", [_l(view.says), f"tool {_l(view.tool)} in {_l(view.env)}, {_l(view.tier)}"]),
        ("State", [headline(view), *_some(view.outcome), *_some(view.superseded_by, "replaced by: ")]),
        ("Arguments", [_argument(a.name, a.value, a.origin or a.source) for a in view.arguments]),
        ("What moved since it was proposed", map(_change, view.moved)),
        ("Before → after", map(_change, view.changes)),
        ("Risk", risk),
        ("Blast radius", [f"{c.count} {_l(c.unit)}" + ("" if c.of is None else f" of {c.of}") for c in view.counted]),
        ("Dry run", [view.grade.value]),
        ("What asked for it", _some(view.asked_for)),
        ("Why, in the bot's words, not verified", _some(view.why)),
        ("Evidence", [f"{_l(link.label)}  {_l(link.url)}" for link in view.evidence]),
        ("Rollback", _rollback(view)),
        ("Needs", map(_need, view.needs)),
        ("Votes", map(_vote, view.votes)),
        ("Times", _times(view)),
        ("Notices", map(_l, view.notices)),
        ("Rules that asked", map(_l, view.rules)),
        ("Record", _record(view)),
        ("Sealed, as it will run", [escaping.reveal_json(sealed)] if sealed else []),
    )
    texts = ((title, "\n".join(lines)) for title, lines in every)
    own = tuple(Part(title=title, text=text) for title, text in texts if text)
    of_calls = (
        Part(title=f"Call {place}: {part.title}", text=part.text)
        for place, call in enumerate(view.calls, 1)
        for part in parts_of(call, "")
    )
    return (*own, *of_calls)


def _pages(view: ApprovalView, sealed: str) -> Iterator[tuple[int, Block]]:
    for part in parts_of(view, sealed):
        count = -(-len(part.text) // PAGE)
        for page in range(count):
            text = part.text[page * PAGE : (page + 1) * PAGE]
            title = part.title if count == 1 else f"{part.title}, part {page + 1} of {count}"
            heading = blocks.line(blocks.words(title, bold=True))
            yield len(text) + len(title), blocks.rich_text(heading, blocks.preformatted(text))


def _fitting(pages: list[tuple[int, Block]]) -> int:
    size = 0
    for number, (length, _) in enumerate(pages):
        size += length
        if size > MODAL_TEXT or number == MODAL_BLOCKS - 1:
            return number
    return len(pages)


def _l(text: str) -> str:
    return escaping.plain(text)


def _some(text: str, label: str = "") -> Iterable[str]:
    return [f"{label}{_l(text)}"] if text else []


def _argument(name: str, value: str, origin: str) -> str:
    return f"{_l(name)} = {escaping.reveal_json(value)}" + (f"   (came from: {_l(origin)})" if origin else "")


def _change(change: Change) -> str:
    return f"{_l(change.label)}: {escaping.bare(change.before)} → {escaping.bare(change.after)}"


def _need(need: Need) -> str:
    how = " with a second factor" if need.step_up else ""
    return f"{need.count} of @{_l(need.group)}{how}, {need.have} so far"


def _vote(vote: VoteLine) -> str:
    how = f", with {_l(vote.stepped_up.upper())}" if vote.stepped_up else ""
    why = f": {_l(vote.reason)}" if vote.reason else ""
    return f"{_l(vote.voter)} {'approved' if vote.approve else 'rejected'} {utc(vote.at)}{how}{why}"


def _rollback(view: ApprovalView) -> Iterable[str]:
    if not view.undo_says:
        return [view.without_undo]
    rehearsed = "not rehearsed"
    if view.undo_rehearsed_at is not None:
        rehearsed = f"rehearsed {utc(view.undo_rehearsed_at)}, objects: {view.undo_objects}"
    return [_l(view.undo_says), rehearsed, *_some(view.undone_by, "undone by ")]


def _times(view: ApprovalView) -> Iterable[str]:
    moments = (
        ("proposed", view.proposed_at),
        ("decided", view.decided_at),
        ("finished", view.finished_at),
        ("expires", view.expires_at),
        ("undo offered until", view.undo_until),
    )
    return [f"{name} {utc(at)}" for name, at in moments if at is not None]


def _record(view: ApprovalView) -> Iterable[str]:
    return [
        f"proposal {_l(view.proposal_id)}",
        f"asked by {_l(view.requester)}",
        f"agent {_l(view.agent)} {_l(view.agent_version)}",
        f"policy {_l(view.policy_version)}",
        *_some(view.verb, "verb: "),
        *_some(view.is_undo_of, "undo of "),
    ]
