"""The approval card: every state whole, and what its buttons carry and ask."""

from typing import Any

import pytest

from bot.orchestrator.views import CardState, EvidenceLink, Need
from bot.slack.actions import ActionRef, Choice, parse_action, parse_choice
from bot.slack.cards.approval import approval_card
from policy.types import Risk
from tests.slack.cards.builders import NOON, PROPOSAL, an_approval, in_state
from tests.slack.cards.reading import all_text, assert_slack_takes, assert_snapshot, buttons, markup
from tools.contract import Change

ASKING = {CardState.PROPOSED, CardState.PARTLY_APPROVED, CardState.CHANGED}


@pytest.mark.parametrize("state", CardState)
def test_the_card_of_each_state_is_as_last_reviewed(state: CardState) -> None:
    card = approval_card(in_state(state))
    assert_slack_takes(card.blocks)
    assert_snapshot(f"approval_{state}", {"text": card.text, "blocks": [*card.blocks]})


def test_a_proposed_card_offers_approve_with_what_it_does_edit_reject_and_more() -> None:
    assert list(buttons(approval_card(an_approval()).blocks)) == ["Approve: turn off", "Edit", "Reject", "More"]


def test_a_changed_card_asks_again_and_shows_what_moved() -> None:
    card = approval_card(in_state(CardState.CHANGED))
    assert "Approve again: turn off" in buttons(card.blocks)
    assert "users on it:  `1900` → `4100`" in all_text([*card.blocks])


def test_an_unknown_outcome_has_its_three_buttons_and_details() -> None:
    offered = buttons(approval_card(in_state(CardState.UNKNOWN)).blocks)
    assert list(offered) == ["It happened", "It did not: run it", "Drop it", "Details"]
    assert "confirm" in offered["It did not: run it"]


@pytest.mark.parametrize("state", [s for s in CardState if s not in ASKING and s is not CardState.UNKNOWN])
def test_a_card_that_asks_nothing_offers_only_undo_and_details(state: CardState) -> None:
    assert set(buttons(approval_card(in_state(state)).blocks)) <= {"Undo", "Details"}


def test_undo_is_offered_only_while_the_view_says_until_when() -> None:
    done = in_state(CardState.VERIFIED)
    assert "Undo" in buttons(approval_card(done).blocks)
    late = an_approval(CardState.VERIFIED, finished_at=NOON, undo_until=None)
    assert "Undo" not in buttons(approval_card(late).blocks)


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        ({}, False),
        ({"tier": "irreversible", "undo_says": ""}, True),
        ({"risk": Risk(score=60, parts=())}, True),
        ({"risk": Risk(score=59, parts=())}, False),
    ],
)
def test_irreversible_or_high_risk_repeats_line_1_before_it_counts(changed: dict[str, Any], asks: bool) -> None:
    approve = buttons(approval_card(an_approval(**changed)).blocks)["Approve: turn off"]
    assert ("confirm" in approve) is asks
    if asks:
        assert "Turn feature flag new-checkout off in prod" in all_text(approve["confirm"])


def test_buttons_carry_the_proposal_and_the_fence_and_show_themselves_to_those_who_may_act() -> None:
    offered = buttons(approval_card(an_approval(viewers=("U0DANA", "U0SAM"))).blocks)
    for name in ("Approve: turn off", "Edit", "Reject"):
        assert parse_action(str(offered[name]["value"])) == ActionRef(proposal_id=PROPOSAL, fence=3)
        assert offered[name]["visible_to_user_ids"] == ["U0DANA", "U0SAM"]


def test_more_lists_hand_over_only_when_the_view_does() -> None:
    def chosen(hand_over: bool) -> list[Choice]:
        options = buttons(approval_card(an_approval(can_hand_over=hand_over)).blocks)["More"]["options"]
        assert isinstance(options, list)
        claims = [parse_choice(str(one["value"])) for one in options if isinstance(one, dict)]
        return [claim[0] for claim in claims if claim]

    assert chosen(False) == [Choice.DRY_RUN, Choice.DETAILS, Choice.STOP]
    assert chosen(True) == [Choice.DRY_RUN, Choice.DETAILS, Choice.HAND_OVER, Choice.STOP]


def test_expired_is_told_as_nobody_answered_and_never_as_rejected() -> None:
    text = all_text([*approval_card(in_state(CardState.EXPIRED)).blocks])
    assert "nobody answered" in text
    assert "eject" not in text


def test_what_cannot_be_undone_is_said_plainly() -> None:
    assert "This cannot be undone." in all_text([*approval_card(an_approval(undo_says="")).blocks])
    same = an_approval(undo_says="", changes=(Change(label="flag", before="off", after="off"),))
    assert "there is nothing to undo" in all_text([*approval_card(same).blocks])


def test_more_than_six_rows_are_counted_and_lead_to_show_all() -> None:
    rows = tuple(Change(label=f"row {n}", before=n, after=n + 1) for n in range(9))
    card = approval_card(an_approval(changes=rows))
    text = all_text([*card.blocks])
    assert "row 5" in text
    assert "row 6" not in text
    assert "and 3 more rows: Show all" in text
    assert "Show all" in buttons(card.blocks)


def test_approvals_so_far_never_count_one_group_beyond_its_need() -> None:
    needs = (Need(count=1, group="operators", have=3), Need(count=2, group="sre-leads", have=0))
    text = all_text([*approval_card(an_approval(CardState.PARTLY_APPROVED, needs=needs)).blocks])
    assert "1 of 3 approvals" in text


def test_a_dry_run_says_that_nothing_will_be_changed() -> None:
    assert "nothing will be changed" in all_text([*approval_card(an_approval(dry_run=True)).blocks])


def test_an_undo_card_names_what_it_takes_back_and_has_no_edit() -> None:
    card = approval_card(an_approval(is_undo_of="ab" * 32, editable=False))
    assert "undo of `abababababab`" in all_text([*card.blocks])
    assert "Edit" not in buttons(card.blocks)


def test_an_outcome_is_prose_and_only_what_is_code_in_it_is_code() -> None:
    seen = "`new-checkout` is off; 0 % of all failed"
    text = all_text([*approval_card(an_approval(CardState.VERIFIED, outcome=seen)).blocks])
    assert f"\n{seen}\n" in text


@pytest.mark.parametrize("state", [CardState.VERIFIED, CardState.REJECTED, CardState.EXPIRED])
def test_a_finished_card_is_short_and_its_evidence_stands_behind_details(state: CardState) -> None:
    card = approval_card(in_state(state))
    assert "why and 1 piece of evidence: see Details" in all_text([*card.blocks])
    assert "5xx rate" not in all_text([*card.blocks])
    assert "Details" in buttons(card.blocks)


def test_evidence_from_one_place_names_it_once_and_from_several_beside_each() -> None:
    here = EvidenceLink(label="5xx rate", url="http://127.0.0.1:8090/a")
    also = EvidenceLink(label="releases", url="http://127.0.0.1:8090/b")
    there = EvidenceLink(label="graph", url="https://grafana.example/c")
    assert all_text([*approval_card(an_approval(evidence=(here, also))).blocks]).count("(127.0.0.1:8090)") == 1
    mixed = all_text([*approval_card(an_approval(evidence=(here, also, there))).blocks])
    assert mixed.count("(127.0.0.1:8090)") == 2
    assert mixed.count("(grafana.example)") == 1


def test_who_changed_the_values_is_named_and_everything_else_in_a_notice_is_literal() -> None:
    card = approval_card(an_approval(notices=("<@U0DANA> changed the *values* <!channel>",)))
    assert markup([*card.blocks]) == ["<@U0ANA>", "<@U0DANA>"]
