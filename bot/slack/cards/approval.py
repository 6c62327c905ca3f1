"""The approval card in every state: one message, updated in place, drawn from the sealed arguments alone."""

from collections.abc import Iterator

from bot.orchestrator.views import ApprovalView, CardState
from bot.slack.cards import blocks, escaping, parts
from bot.slack.cards.blocks import FALLBACK_TEXT, MESSAGE_TEXT, Block, Card, text_size
from bot.slack.cards.buttons import buttons
from bot.slack.cards.flags import flag_line
from bot.slack.cards.plan import FEW, MANY, plan_body
from bot.slack.cards.room import ROOMY, TIGHT, Room
from bot.slack.cards.states import FINISHED, UNTOUCHED, headline, status
from bot.slack.cards.wording import folded, shortened

_NOTICES = 3


def approval_card(view: ApprovalView) -> Card:
    """The card. What is too long for it stands whole behind Show all, and the card says so."""
    wide, narrow = (FEW, MANY) if view.calls else (ROOMY, TIGHT)
    roomy = tuple(_blocks(view, wide))
    drawn = roomy if text_size([*roomy]) <= MESSAGE_TEXT else tuple(_blocks(view, narrow))
    return Card(blocks=drawn, text=_fallback(view))


def _blocks(view: ApprovalView, room: Room) -> Iterator[Block]:
    if view.asked:
        yield blocks.context(shortened(view.asked, room.prose, escaping.ours))
    body = list(plan_body(view, room) if view.calls else _body(view, room))
    yield from body
    # a value that holds these words only adds a button
    offered = buttons(view, whole="Show all" not in str(body))
    if offered["elements"]:
        yield offered
    yield blocks.context(parts.foot(view))


def _body(view: ApprovalView, room: Room) -> Iterator[Block]:
    top = [parts.what(view, room), status(view, prose=room.prose)]
    in_status = view.state in (CardState.REJECTED, CardState.EXPIRED)  # a rejection's reason stands there
    if view.outcome and not in_status:
        top.append(shortened(view.outcome, room.prose, escaping.says))
    if view.halted and view.state is not CardState.HALTED:
        top.append(f"! {shortened(view.halted, room.prose, escaping.ours)}; votes count, nothing runs before the lift")
    yield blocks.section("\n".join(top))
    if flag := flag_line(view):
        yield blocks.section(flag)
    if view.state is CardState.CHANGED and view.moved:
        yield blocks.section(parts.change_rows("What moved since it was proposed", view.moved, room))
    if view.changes:
        yield blocks.section(parts.change_rows("Before → after", view.changes, room))
    if view.arguments:
        yield blocks.section(parts.argument_rows(view.arguments, room))
    if view.state in FINISHED:
        yield blocks.section(parts.rested_on(view))
    else:
        yield blocks.section(parts.risk_and_blast(view))
        yield blocks.context(parts.risk_parts(view))
        if view.why.strip():
            yield parts.why(view.why, room)
        if view.evidence:
            yield parts.evidence(view.evidence, room)
    yield blocks.section(
        parts.who(view) if view.state in UNTOUCHED else f"{parts.rollback(view, room)}\n{parts.who(view)}"
    )
    if view.notices:
        notices = [shortened(notice, room.prose, escaping.ours) for notice in view.notices[:_NOTICES]]
        rest = len(view.notices) - _NOTICES
        yield blocks.context(*notices, *([f"_and {rest:,} more: Show all_"] if rest > 0 else []))


def _fallback(view: ApprovalView) -> str:
    line = escaping.escape(escaping.plain(view.says))
    if len(line) > FALLBACK_TEXT // 2:
        line = f"{shortened(view.tool, 80)} in {shortened(view.env, 80)}: {folded(view.says, 'what it does')}"
    return f"{line} · {headline(view)} · risk {view.risk.score} of 100, {view.risk.band}"
