"""The parts of an approval card between line 1 and the buttons, each as mrkdwn or rich text."""

from collections.abc import Sequence

from bot.orchestrator.views import ApprovalView, ArgumentView, EvidenceLink, Need, VoteLine
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block
from bot.slack.cards.room import ARGUMENTS, EVIDENCE, ROWS, Room
from bot.slack.cards.states import ASKING
from bot.slack.cards.wording import clipped, folded, plural, shortened, when
from policy.types import RiskPart
from tools.contract import Change, Counted

_LABEL = 80
_ONE_LINE = 160
_VERSION = 12


def what(view: ApprovalView, room: Room) -> str:
    """Line 1. A line too long for the card is not begun: its end could be what matters."""
    line = escaping.says(view.says)
    if len(line) <= room.says:
        return f"*{line}*"
    tool, env = (shortened(name, _LABEL) for name in (view.tool, view.env))
    return f"*Run {tool} in {env}*: {folded(view.says, 'what it does')}"


def change_rows(title: str, changes: Sequence[Change], room: Room) -> str:
    """Before → after, at most six rows; a value that does not fit is named with its length."""
    for one in (room.rows, room.one, room.one // 3):
        rows = [_change(change, one) for change in changes[:ROWS]]
        if sum(map(len, rows)) + len(rows) <= room.rows:
            break
    rest = len(changes) - ROWS
    more = [f"_and {plural(rest, 'more row')}: Show all_"] if rest > 0 else []
    return "\n".join([f"*{title}*", *rows, *more])


def argument_rows(arguments: Sequence[ArgumentView], room: Room) -> str:
    """The sealed arguments, with where each value came from."""
    short = " · ".join(_argument(argument, room.one).removeprefix("• ") for argument in arguments)
    if len(arguments) <= ARGUMENTS and len(short) <= _ONE_LINE:
        return f"*With*  {short}"
    for one in (room.arguments, room.one, room.one // 3):
        rows = [_argument(argument, one) for argument in arguments[:ARGUMENTS]]
        if sum(map(len, rows)) + len(rows) <= room.arguments:
            break
    rest = len(arguments) - ARGUMENTS
    more = [f"_and {plural(rest, 'more argument')}: Show all_"] if rest > 0 else []
    return "\n".join(["*With*", *rows, *more])


def risk_and_blast(view: ApprovalView) -> str:
    """The score, and what is touched in counted things."""
    counted = ", ".join(clipped(map(_counted, view.counted), most=6, limit=350, noun="kind"))
    score = f"*Risk {view.risk.score} of 100 · {view.risk.band}*"
    return f"{score}\n*Blast radius*  {counted or 'nothing was counted'}"


def risk_parts(view: ApprovalView) -> str:
    """Small print under the score: what it is made of, and how well the blast radius is known."""
    parts = clipped(map(_part, view.risk.parts), most=8, limit=450, noun="part")
    return f"{', '.join(parts)} · {view.grade.words}" if parts else view.grade.words


def rested_on(view: ApprovalView) -> str:
    """What the decision rested on, in a line; the whole of it stands behind Details."""
    kept = [f"*Risk {view.risk.score} of 100 · {view.risk.band}*"]
    if view.why.strip():
        kept.append("why")
    if view.evidence:
        kept.append(f"{len(view.evidence):,} pieces of evidence" if len(view.evidence) > 1 else "1 piece of evidence")
    return kept[0] + (f"  {' and '.join(kept[1:])}: see Details" if kept[1:] else "")


def why(text: str, room: Room) -> Block:
    """The bot's reason as a quotation: inert, below the arguments, marked as an opinion."""
    lines = [escaping.plain(line) for line in text.strip().splitlines() if line.strip()]
    shown = "\n".join(lines[:3])
    whole = len(lines) <= 3 and len(shown) <= room.why
    label = "  the bot's opinion, not verified" + ("" if whole else f"; the beginning of {len(text):,} characters")
    return blocks.rich_text(
        blocks.line(blocks.words("Why", bold=True), blocks.words(label)),
        blocks.quote(blocks.words(shown[: room.why] + ("" if whole else " …"))),
    )


def evidence(links: Sequence[EvidenceLink], room: Room) -> Block:
    """What it rests on; an address that is not plain http(s) is shown, not linked, and a label never hides a host."""
    safe = [url for link in links[:EVIDENCE] if (url := _linked(link, room))]
    hosts = {escaping.host(url)[:100] for url in safe}
    # one host is said once; several are said beside each label
    heading = [blocks.words(f"  ({hosts.pop()})")] if len(hosts) == 1 else []
    lines = [_evidence(link, room, with_host=not heading) for link in links[:EVIDENCE]]
    rest = len(links) - EVIDENCE
    if rest > 0:
        lines.append(blocks.line(blocks.words(f"and {rest:,} more: Show all")))
    return blocks.rich_text(blocks.line(blocks.words("Evidence", bold=True), *heading), blocks.bullets(lines))


def rollback(view: ApprovalView, room: Room) -> str:
    """How it is taken back, or plainly that it cannot be."""
    if not view.undo_says:
        return f"*Rollback*  {view.without_undo}"
    line = escaping.says(view.undo_says)
    said = line if len(line) <= room.prose else folded(view.undo_says, "the inverse call")
    rehearsed = (
        "not rehearsed"
        if view.undo_rehearsed_at is None
        else f"rehearsed {when(view.undo_rehearsed_at)}, {plural(view.undo_objects, 'object')}"
    )
    until = "" if view.undo_until is None else f" · offered until {when(view.undo_until)}"
    alone = " · by itself when the check after it fails" if view.undo_by_check else ""
    return f"*Rollback*  Undo: {said} ({rehearsed}){alone}{until}"


def who(view: ApprovalView) -> str:
    """Whose approval it needs, who voted when, and until when."""
    needs = " and ".join(clipped(map(_need, view.needs), most=5, limit=400, noun="group"))
    votes = [_vote(vote) for vote in view.votes]
    said = " · ".join(clipped(votes, most=8, limit=700, noun="vote"))
    asked = f"asked by {shortened(view.requester, _LABEL, escaping.person)} {when(view.proposed_at)}"
    until = f"until {when(view.expires_at)}" if view.state in ASKING else ""
    total, have = sum(n.count for n in view.needs), sum(min(n.have, n.count) for n in view.needs)
    so_far = f"{have} of {total} so far" if needs and view.state in ASKING else ""
    line = " · ".join(part for part in (f"needs {needs}" if needs else "", so_far, said, until, asked) if part)
    return f"*Approval*  {line}"


def foot(view: ApprovalView) -> str:
    """Small print: what an auditor looks up."""
    rules = ", ".join(clipped((shortened(rule, _LABEL) for rule in view.rules), most=6, limit=500, noun="rule"))
    agent = shortened(f"{view.agent} {view.agent_version[:_VERSION]}".strip(), _LABEL)
    parts = [
        escaping.code(escaping.reveal(view.proposal_id[:12])),
        f"rules: {rules or 'none'}",
        agent,
        f"policy {shortened(view.policy_version[:_VERSION], _LABEL)}",
    ]
    if view.is_undo_of:
        parts.insert(1, f"undo of {escaping.code(escaping.reveal(view.is_undo_of[:12]))}")
    return " · ".join(parts)


def _change(change: Change, one: int) -> str:
    label = shortened(change.label, _LABEL)
    before, after = (_value(value, one) for value in (change.before, change.after))
    return f"• {label}:  {before} → {after}"


def _value(value: object, one: int) -> str:
    if value is None:
        return "(nothing)"
    shown = escaping.bare(value)  # type: ignore[arg-type]  # Change.before and .after are JSON by their type
    drawn = escaping.code(shown)
    return drawn if len(drawn) <= one else folded(shown)


def _argument(argument: ArgumentView, one: int) -> str:
    name = shortened(argument.name, _LABEL)
    shown = escaping.reveal_json(argument.value)
    drawn = escaping.code(shown)
    source = f"  ({shortened(argument.source, _LABEL)})" if argument.source else ""
    origin = f"  △ came from: {shortened(argument.origin, _LABEL)}" if argument.origin else source
    return f"• {name}:  {drawn if len(drawn) <= one else folded(shown)}{origin}"


def _part(part: RiskPart) -> str:
    return f"{shortened(part.label, _LABEL)} {part.points:+d}"


def _counted(counted: Counted) -> str:
    unit = shortened(counted.unit, _LABEL)
    if counted.of is None:
        return f"{counted.count:,} {unit}"
    return f"about {counted.count:,} of {counted.of:,} {unit}"


def _need(need: Need) -> str:
    group = shortened(f"@{need.group.removeprefix('@')}", _LABEL)
    return f"{need.count} of {group}{' with a second factor' if need.step_up else ''}"


def _vote(vote: VoteLine) -> str:
    word = "approved" if vote.approve else "rejected"
    how = f", with {vote.stepped_up.upper()}" if vote.stepped_up else ""
    return f"{shortened(vote.voter, _LABEL, escaping.person)} {word} {when(vote.at)}{how}"


def _linked(link: EvidenceLink, room: Room) -> str | None:
    url = escaping.safe_url(link.url)
    return url if url is not None and len(url) <= room.evidence_url else None


def _evidence(link: EvidenceLink, room: Room, *, with_host: bool) -> Block:
    label = escaping.plain(link.label) or "(no label)"
    label = label if len(label) <= 160 else f"{label[:120]} … ({len(label):,} characters: Show all)"
    if url := _linked(link, room):
        linked: Block = {"type": "link", "url": url, "text": label}
        host = [blocks.words(f"  ({escaping.host(url)[:100]})")] if with_host else []
        return blocks.line(linked, *host)
    address = escaping.plain(link.url) if len(link.url) <= 100 else f"address of {len(link.url):,} characters: Show all"
    runs = [blocks.words(label)]
    if link.url:
        runs.append(blocks.words(f"  ({address})"))
    return blocks.line(*runs)
