"""The card of a plan: every call with what it changes, how risky it is and how it is taken back, in one message."""

from collections.abc import Iterator

from bot.orchestrator.views import ApprovalView
from bot.slack.actions import ActionId, ActionRef, action_value
from bot.slack.cards import blocks, escaping, parts
from bot.slack.cards.blocks import SECTION_TEXT, Block
from bot.slack.cards.flags import flag_line
from bot.slack.cards.room import Room
from bot.slack.cards.states import ASKING, headline, mark, status
from bot.slack.cards.wording import plural, shortened

FEW = Room(says=500, rows=900, arguments=600, one=160, prose=300, why=300, evidence_url=300)
MANY = Room(says=350, rows=420, arguments=300, one=80, prose=150, why=0, evidence_url=150)
"""five calls at their most stay below what one message holds; a test fills them"""
_HOW = (
    "One approval is for all of them. Each is checked again when its turn comes; "
    "if one does not run, those after it do not."
)


def plan_body(view: ApprovalView, room: Room) -> Iterator[Block]:
    """Everything of the card above its buttons."""
    top = [f"*Plan: {plural(len(view.calls), 'change')}, in this order*", status(view, prose=room.prose)]
    if view.outcome:
        top.append(shortened(view.outcome, room.prose * 2, escaping.ours))
    yield blocks.section("\n".join(top))
    for place, call in enumerate(view.calls, 1):
        yield _call(view, call, place, room)
        if view.state in ASKING and call.why.strip() and room.why:
            yield parts.why(call.why, room)
    evidence = next((call.evidence for call in view.calls if call.evidence), ())
    if view.state in ASKING and evidence:
        yield parts.evidence(evidence, room)
    said = [f"*Highest risk {view.risk.score} of 100 · {view.risk.band}*", parts.who(view)]
    yield blocks.section("\n".join(said))
    small = [_HOW] if view.state in ASKING else []
    small += [shortened(notice, room.prose, escaping.ours) for notice in view.notices[:3]]
    if small:
        yield blocks.context(*small)


def _call(view: ApprovalView, call: ApprovalView, place: int, room: Room) -> Block:
    asking = view.state in ASKING
    lines = [f"{place}. {parts.what(call, room)}"]
    if not asking:
        stands = "○ approved, waits for its turn" if call.waits else f"{mark(call.state)} {headline(call)}"
        lines.append(f"{stands}{_outcome(call, room)}")
    if flag := flag_line(call):
        lines.append(flag)
    if call.changes:
        lines.append(parts.change_rows("Before → after", call.changes, room))
    if call.arguments and asking:
        lines.append(parts.argument_rows(call.arguments, room))
    if asking:
        lines += [parts.risk_and_blast(call), parts.rollback(call, room)]
    text = "\n".join(lines)
    if len(text) > SECTION_TEXT:
        text = f"{place}. {parts.what(call, room)}\n_the rest is too long for the card: Show all_"
    offers_edit = asking and call.editable
    return blocks.section(text, accessory=_edit(call) if offers_edit else None)


def _outcome(call: ApprovalView, room: Room) -> str:
    return f": {shortened(call.outcome, room.prose, escaping.says)}" if call.outcome else ""


def _edit(call: ApprovalView) -> Block:
    ref = ActionRef(proposal_id=call.proposal_id, fence=call.fence)
    return blocks.button("Edit", action_id=ActionId.EDIT, value=action_value(ref), visible_to=call.viewers)
