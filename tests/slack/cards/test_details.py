"""The details modal: everything, in pages, whole."""

from bot.orchestrator.views import CardState
from bot.slack.actions import parse_action
from bot.slack.cards.details import MODAL_TEXT, details_modal, too_long_to_show
from tests.slack.cards.builders import PROPOSAL, an_approval, in_state
from tests.slack.cards.reading import all_text, assert_slack_takes_view, assert_snapshot, preformatted


def test_the_modal_is_as_last_reviewed() -> None:
    modal = details_modal(in_state(CardState.VERIFIED), sealed='{"arguments":{"flag":"new-checkout","on":false}}')
    assert_slack_takes_view(modal)
    assert_snapshot("details_modal", modal)
    assert PROPOSAL in preformatted(modal)


def test_a_long_sealed_call_is_paged_and_whole() -> None:
    sealed = '{"body":"' + "".join(f"{n:05d}" for n in range(2_000)) + '"}'
    modal = details_modal(an_approval(), sealed)
    assert_slack_takes_view(modal)
    assert sealed in preformatted(modal)
    assert "Sealed, as it will run, part 4 of 4" in all_text(modal)


def test_what_does_not_fit_is_said_at_the_end_and_was_to_be_refused_before() -> None:
    sealed = '"' + "a" * (MODAL_TEXT + 1) + '"'
    assert too_long_to_show(an_approval(), sealed) is not None
    modal = details_modal(an_approval(), sealed)
    assert_slack_takes_view(modal)
    assert "more pages do not fit here" in all_text(modal)


def test_the_modal_knows_which_proposal_it_shows() -> None:
    claim = parse_action(str(details_modal(an_approval(), "")["private_metadata"]))
    assert claim is not None
    assert claim.proposal_id == PROPOSAL
