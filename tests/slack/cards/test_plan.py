"""The card of a plan: every call with all that is decided on, one Approve, Edit at each call, and nothing hidden."""

from dataclasses import replace
from typing import Any

import pytest

from bot.orchestrator.views import ApprovalView, ArgumentView, CardState, VoteLine
from bot.slack.actions import parse_action
from bot.slack.cards.approval import approval_card
from bot.slack.cards.details import details_modal
from policy.types import Risk
from tests.slack.cards.builders import NOON, an_approval
from tests.slack.cards.reading import all_text, assert_slack_takes, assert_slack_takes_view, assert_snapshot, buttons
from tools.contract import Change, Counted

FLAG, LIMIT = "1a2b" * 16, "3c4d" * 16


def a_plan(state: CardState = CardState.PROPOSED, *calls: CardState, **changed: Any) -> ApprovalView:
    """A flag off, then a limit on retries."""
    of = calls or (state, state)
    flag = an_approval(of[0], proposal_id=FLAG)
    limit = an_approval(
        of[1],
        proposal_id=LIMIT,
        says="Limit `checkout.retry` to 3 a second for 10 min in prod",
        changes=(Change(label="per second", before=None, after=3),),
        arguments=(ArgumentView(name="endpoint", value='"checkout.retry"'),),
        counted=(Counted(count=40, unit="waiting orders"),),
        undo_says="Lift the limit of `checkout.retry` in prod",
    )
    whole = an_approval(
        state,
        says="2 changes in this order",
        verb="all 2",
        tool="plan",
        arguments=(),
        changes=(),
        counted=(),
        why="",
        evidence=(),
        editable=False,
        undo_says=f"{limit.undo_says}; then {flag.undo_says}",
        calls=(flag, limit),
    )
    return replace(whole, **changed)


def test_a_waiting_plan_is_as_last_reviewed() -> None:
    card = approval_card(a_plan())
    assert_slack_takes(card.blocks)
    assert_snapshot("plan_proposed", {"text": card.text, "blocks": [*card.blocks]})


def test_a_plan_that_stopped_is_as_last_reviewed() -> None:
    ended = {"decided_at": NOON + 60, "finished_at": NOON + 70, "undo_until": NOON + 86_400}
    outcome = "1 of 2 ran. It stopped at 2: the target changed. Undo takes back what ran; ask again for the rest."
    votes = (VoteLine(voter="U0DANA", approve=True, at=NOON + 60),)
    view = a_plan(CardState.FAILED, CardState.VERIFIED, CardState.REFUSED, outcome=outcome, votes=votes, **ended)
    card = approval_card(view)
    assert_slack_takes(card.blocks)
    assert_snapshot("plan_failed", {"text": card.text, "blocks": [*card.blocks]})
    assert list(buttons(card.blocks)) == ["Undo", "Details"]


def test_each_call_shows_what_changes_its_blast_radius_and_its_rollback() -> None:
    text = all_text([*approval_card(a_plan()).blocks])
    for call in a_plan().calls:
        for part in (call.says.split("`")[1], call.undo_says.split("`")[1], str(call.changes[0].label)):
            assert part in text
    assert text.count("*Blast radius*") == text.count("*Rollback*") == 2


def test_edit_stands_beside_each_call_and_names_that_call() -> None:
    accessories: list[Any] = [b["accessory"] for b in approval_card(a_plan()).blocks if "accessory" in b]
    refs = [parse_action(a["value"]) for a in accessories]
    assert [ref.proposal_id for ref in refs if ref] == [FLAG, LIMIT]


def test_the_buttons_of_a_doubt_are_about_the_doubtful_call() -> None:
    offered = buttons(approval_card(a_plan(CardState.UNKNOWN, CardState.VERIFIED, CardState.UNKNOWN)).blocks)
    ref = parse_action(str(offered["It happened"]["value"]))
    assert ref is not None and ref.proposal_id == LIMIT
    assert "checkout.retry" in str(offered["It did not: run it"]["confirm"])


@pytest.mark.parametrize("state", [CardState.VERIFIED, CardState.UNDONE, CardState.REJECTED])
def test_an_ended_plan_offers_no_edit(state: CardState) -> None:
    assert "proposal.edit" not in str(approval_card(a_plan(state)).blocks)


def test_the_details_hold_every_call_whole() -> None:
    modal = details_modal(a_plan(), "{}")
    assert_slack_takes_view(modal)
    assert "Call 1: What will happen" in str(modal) and "Call 2: Rollback" in str(modal)


def test_five_calls_at_their_fullest_fit_one_message() -> None:
    long = "x&" * 7_000
    rows = tuple(Change(label=long, before="&" * size, after="&" * size) for size in (10, 17, 30, 50, 100, 5_000))
    full = an_approval(
        says="&" * 130,
        arguments=tuple(ArgumentView(name=long, value=long[:size], origin=long) for size in (9, 19, 25, 40, 80, 99, 1)),
        changes=rows,
        counted=(Counted(count=1, unit=long),) * 9,
        risk=Risk(score=9, parts=()),
        why=long,
        undo_says="&" * 50,
        outcome=long,
    )
    for state in (CardState.PROPOSED, CardState.FAILED):
        card = approval_card(a_plan(state, calls=(replace(full, state=state),) * 5, outcome=long, notices=(long,) * 9))
        assert_slack_takes(card.blocks)
