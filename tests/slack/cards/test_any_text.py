"""Whatever stands in whatever slot: Slack takes the card, nothing in it acts, and no character is lost."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from bot.orchestrator.views import (
    AgentLine,
    ApprovalView,
    ArgumentView,
    CardState,
    DigestView,
    EditView,
    EvidenceLink,
    FieldView,
    HomeView,
    Need,
    Paged,
    VoteLine,
)
from bot.slack.actions import ActionRef
from bot.slack.cards import escaping
from bot.slack.cards.answer import answer_end
from bot.slack.cards.approval import approval_card
from bot.slack.cards.blocks import MESSAGE_TEXT, Card
from bot.slack.cards.details import details_modal, too_long_to_show
from bot.slack.cards.digest import digest_card
from bot.slack.cards.edit import edit_modal
from bot.slack.cards.home import home_view
from bot.slack.cards.notice import notice
from bot.slack.cards.orphan import Step, orphan_card
from bot.slack.cards.refusal import refusal
from bot.slack.cards.reject import reject_modal
from bot.slack.cards.tasks import approval_list, help_card, status_card, task_list
from policy.types import Risk, RiskPart
from tests.slack.cards.builders import NOON, PROPOSAL, a_task, an_approval, an_item
from tests.slack.cards.reading import (
    assert_slack_takes,
    assert_slack_takes_view,
    buttons,
    markup,
    mrkdwn_texts,
    preformatted,
)
from tools.contract import Change, Counted

NASTY = (
    "<!channel>",
    "<https://evil.example|runbook>",
    "<@U0DANA>",
    "*Approved* by @alice",
    "`; rm -rf /`",
    "a\n• owner: `x` → `y`",
    "\u202etxt.exe",
    "p\u0430ypal",
    "&lt;!here&gt;",
    "\\u202e",
    "\\`\\",
    "\u23ce",
    ":boom:",
    " ",
    "&" * 3_000,
    "a" * 14_000,
)
texts = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=60), st.text(alphabet="<>&`\\\nu0\u202e\u0430a ", max_size=40)
)
words = st.one_of(texts, st.text(min_size=1, max_size=20))
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**12), 10**12), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=4,
)
moments = st.floats(0, 4_000_000_000)


def many(of: st.SearchStrategy[Any], most: int = 12) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most).map(tuple)


def spelled(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


changes = st.builds(Change, label=words, before=json_values, after=json_values)
arguments = st.builds(ArgumentView, name=words, value=json_values.map(spelled) | texts, origin=texts)
votes = st.builds(VoteLine, voter=texts, approve=st.booleans(), at=moments, reason=texts)
approvals = st.builds(
    ApprovalView,
    proposal_id=st.just(PROPOSAL),
    fence=st.integers(0, 10**6),
    state=st.sampled_from(CardState),
    says=words,
    verb=texts,
    tool=words,
    env=words,
    tier=st.sampled_from(["reversible", "irreversible"]),
    arguments=many(arguments),
    changes=many(changes),
    counted=many(st.builds(Counted, count=st.integers(0, 10**9), unit=texts, of=st.none() | st.integers(1, 10**9))),
    risk=st.builds(
        Risk,
        score=st.integers(0, 100),
        parts=many(st.builds(RiskPart, label=texts, points=st.integers(-100, 100))),
    ),
    why=texts,
    evidence=many(st.builds(EvidenceLink, label=texts, url=texts | st.just("https://a.example/b?c=d&e"))),
    undo_says=texts,
    undo_rehearsed_at=st.none() | moments,
    undo_objects=st.integers(0, 10**6),
    needs=many(st.builds(Need, count=st.integers(0, 9), group=texts, have=st.integers(0, 9)), 6),
    votes=many(votes),
    requester=texts,
    expires_at=moments,
    proposed_at=moments,
    decided_at=st.none() | moments,
    finished_at=st.none() | moments,
    rules=many(texts),
    agent=texts,
    agent_version=texts,
    policy_version=texts,
    outcome=texts,
    moved=many(changes),
    undo_until=st.none() | moments,
    undone_by=texts,
    superseded_by=texts,
    dry_run=st.booleans(),
    notices=many(texts, 6),
    is_undo_of=texts,
    link=texts | st.just("https://acme.slack.com/archives/C1/p1"),
)
a_field = st.builds(
    FieldView,
    name=words,
    label=texts,
    kind=st.sampled_from(["string", "integer", "number", "boolean", "choice"]),
    value=texts,
    hint=texts,
    choices=many(texts, 8),
    minimum=st.none() | st.integers(-9, 9).map(float),
    maximum=st.none() | st.integers(10, 99).map(float),
    optional=st.booleans(),
)


def assert_nothing_acts(value: Any) -> None:
    """Only our own links (with our own word on them) and mentions of people our records name."""
    for found in markup(value):
        assert re.fullmatch(r"<@[UW][A-Z0-9]+>|<https?://[^|<>]+\|open( it)?>", found), found


def assert_good(card: Card) -> None:
    assert_slack_takes(card.blocks)
    assert_nothing_acts([*card.blocks])
    assert_nothing_acts([{"type": "mrkdwn", "verbatim": True, "text": card.text}])
    assert 1 <= len(card.text) <= 4_000


@settings(max_examples=60, deadline=None)
@given(approvals)
def test_any_approval_card_fits_and_nothing_in_it_acts(view: ApprovalView) -> None:
    card = approval_card(view)
    assert_good(card)
    shown = "\n".join(mrkdwn_texts([*card.blocks]))
    for argument in view.arguments:
        whole = escaping.code(escaping.reveal_json(argument.value)) in shown
        assert whole or "Show all" in buttons(card.blocks), "a value is whole on the card, or the card leads to it"


@settings(max_examples=60, deadline=None)
@given(approvals, texts)
def test_whatever_may_be_proposed_stands_whole_in_the_details(view: ApprovalView, sealed: str) -> None:
    modal = details_modal(view, sealed)
    assert_slack_takes_view(modal)
    assert_nothing_acts(modal)
    if too_long_to_show(view, sealed) is not None:
        return
    shown = preformatted(modal)
    assert escaping.reveal(view.says) in shown
    for argument in view.arguments:
        assert escaping.reveal_json(argument.value) in shown
    for change in (*view.changes, *view.moved):
        assert f"{escaping.bare(change.before)} → {escaping.bare(change.after)}" in shown
    for text in _plain_texts(replace(view, arguments=(), changes=(), moved=(), proposal_id="")):
        assert escaping.reveal(text) in shown


def _plain_texts(view: ApprovalView) -> list[str]:
    """Every free text of the view, found by looking, so that a new slot is not forgotten."""
    drawn_elsewhere = {"state", "tier", "grade", "link", "superseded_by", "viewers", "undone_by"}
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            for item in value:
                look(item)
        elif is_dataclass(value):
            for one in fields(value):
                if one.name not in drawn_elsewhere:
                    look(getattr(value, one.name))

    look(view)
    return found


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="\\u0023ce\u202e\u23ce`\n\t{} a\u0430<&", max_size=12), st.text(max_size=12))
def test_no_two_texts_are_shown_the_same(one: str, other: str) -> None:
    for text in (other, one.replace("\u202e", "\\u202e"), one.replace("\\", "\\\\"), one.replace("`", "\\u0060")):
        if text != one:
            assert escaping.code(escaping.reveal(text)) != escaping.code(escaping.reveal(one))


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_shown_json_is_json_of_the_very_same_value(value: JsonValue) -> None:
    assert json.loads(escaping.reveal_json(spelled(value))) == value
    inside = escaping.code(escaping.reveal_json(spelled(value)))[1:-1]
    assert json.loads(inside.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) == value


@settings(max_examples=200, deadline=None)
@given(json_values, json_values)
def test_no_two_values_are_shown_the_same(one: JsonValue, other: JsonValue) -> None:
    if spelled(one) != spelled(other):
        assert escaping.bare(one) != escaping.bare(other)


@settings(max_examples=25, deadline=None)
@given(st.lists(a_field, max_size=5, unique_by=lambda field: field.name).map(tuple), texts)
def test_any_edit_or_reject_modal_is_taken(offered: tuple[FieldView, ...], says: str) -> None:
    assert_slack_takes_view(edit_modal(EditView(proposal_id=PROPOSAL, fence=1, says=says, fields=offered)))
    reject = reject_modal(ActionRef(proposal_id=PROPOSAL, fence=1), says)
    assert_slack_takes_view(reject)
    assert_nothing_acts(reject)


@settings(max_examples=25, deadline=None)
@given(texts, texts, many(texts), texts)
def test_any_small_card_is_taken_and_nothing_in_it_acts(one: str, two: str, some: tuple[str, ...], link: str) -> None:
    item, task = an_item(says=one, who=two, link=link), a_task(title=one, requester=two, link=link, state=two)
    view = an_approval(says=one, link=link)
    home = HomeView(
        connected=True,
        agents=(AgentLine(name=one, brain=one, data_policy=two),),
        waiting_for_me=(view,) * 5,
        waiting=Paged(page=1, total=30),
        my_requests=(task,) * 5,
        open_tasks=(task,) * 5,
        recent=(view,) * 5,
    )
    for card in (
        notice(one, next_step=two, correlation_id=link),
        refusal(one, rules=some, allowed=two, ask=some, correlation_id=link),
        task_list((task,) * 40),
        approval_list((view,) * 40),
        status_card(home),
        help_card(one, unknown=two),
        orphan_card([Step(title=one, status="complete", finding=two)] * 30, some),
        digest_card(a_digest(one, 300, item)),
    ):
        assert_good(card)
    assert_slack_takes(answer_end(one or "id", "t_1"))
    drawn = home_view(home)
    assert_slack_takes_view(drawn)
    assert_nothing_acts(drawn)


def a_digest(title: str, count: int, item: Any) -> DigestView:
    return DigestView(
        title=title,
        since=NOON,
        until=NOON + 86_400,
        tasks_started=count,
        tasks_completed=count,
        tasks_failed=0,
        proposed=count,
        approved=1,
        rejected=0,
        expired=0,
        auto_run=0,
        undone=0,
        median_decision_seconds=75.0,
        actions=(item,) * count,
        open_items=(item,) * count,
        failing_tools=((title, 2, 9),) * 30,
    )


def test_the_fullest_card_that_can_be_drawn_still_fits_one_message() -> None:
    long = "x&" * 7_000
    rows = tuple(Change(label=long, before="&" * size, after="&" * size) for size in (10, 17, 30, 50, 100, 5_000))
    full = an_approval(
        CardState.CHANGED,
        says="&" * 130,
        arguments=tuple(ArgumentView(name=long, value=long[:size], origin=long) for size in (9, 19, 25, 40, 80, 99, 1)),
        changes=rows,
        moved=rows,
        counted=(Counted(count=1, unit=long),) * 9,
        risk=Risk(score=9, parts=(RiskPart(label=long, points=1),) * 9),
        why=long,
        evidence=(EvidenceLink(label=long, url="https://a.example/" + "b" * 130),) * 9,
        undo_says="&" * 50,
        needs=(Need(count=1, group=long, have=0),) * 9,
        votes=(VoteLine(voter=long, approve=True, at=NOON, reason=long),) * 20,
        requester=long,
        rules=(long,) * 9,
        agent=long,
        policy_version=long,
        outcome=long,
        notices=(long,) * 9,
    )
    assert_good(approval_card(full))
    assert MESSAGE_TEXT == 13_200
