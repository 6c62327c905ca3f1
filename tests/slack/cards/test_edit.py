"""The Edit and Reject modals, and reading what was typed into them."""

import json
from typing import Any

import pytest
from pydantic import JsonValue

from bot.orchestrator.views import EditView, FieldView
from bot.slack.actions import ActionRef, parse_action
from bot.slack.cards.blocks import Block
from bot.slack.cards.edit import Edited, edit_modal, edit_values
from bot.slack.cards.fields import block_id
from bot.slack.cards.reject import reject_modal, reject_reason
from bot.slack.cards.submitted import FieldErrors
from tests.slack.cards.builders import PROPOSAL, a_field
from tests.slack.cards.reading import all_text, assert_slack_takes_view, assert_snapshot

FIELDS = (
    a_field("string", "new-checkout", name="flag", label="Flag", max_length=40),
    a_field("integer", "25", hint="0 to 100", minimum=0.0, maximum=100.0),
    a_field("number", "0.5", name="ratio", label="Ratio", optional=True),
    a_field("boolean", "false", name="on", label="On"),
    a_field("choice", "staging", name="env", label="Environment", choices=("dev", "staging", "prod")),
    a_field("choice", "", name="region", label="Region", choices=tuple(f"eu-{n}" for n in range(30))),
)


def modal(*fields: FieldView) -> Block:
    return edit_modal(EditView(proposal_id=PROPOSAL, fence=3, says="Set flag `a` in prod", fields=fields))


def typed(**values: Any) -> dict[str, Any]:
    """State as Slack sends it: typed text, or ("choose", value)."""
    return {
        block_id(name): {
            "field": {"selected_option": {"value": value[1]}} if isinstance(value, tuple) else {"value": value}
        }
        for name, value in values.items()
    }


def test_each_kind_of_field_has_its_own_input() -> None:
    view = modal(*FIELDS)
    assert_slack_takes_view(view)
    assert_snapshot("edit_modal", view)


def test_private_metadata_is_the_proposal_and_the_fence_and_nothing_else() -> None:
    assert parse_action(str(modal(*FIELDS)["private_metadata"])) == ActionRef(proposal_id=PROPOSAL, fence=3)


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        (a_field("string", ""), " as typed ", " as typed "),
        (a_field("integer", "1"), "-7", -7),
        (a_field("number", "1"), "0.25", 0.25),
        (a_field("boolean", "true"), ("choose", "false"), False),
        (a_field("choice", "a", choices=("a", "b")), ("choose", "1"), "b"),
        (a_field("choice", "a", choices=("a" * 99, "b")), "b", "b"),
        (a_field("integer", "", optional=True), None, None),
    ],
)
def test_what_was_typed_comes_back_as_its_kind(field: FieldView, given: Any, value: JsonValue) -> None:
    read = edit_values(typed(percent=given), (field,))
    assert read == Edited(values={"percent": value})
    assert isinstance(read, Edited)
    assert type(read.values["percent"]) is type(value)


@pytest.mark.parametrize(
    ("field", "given", "error"),
    [
        (a_field("string", "x"), None, "this is needed"),
        (a_field("string", "x", max_length=3), "abcd", "has 4 characters; at most 3 are allowed"),
        (a_field("integer", "1"), "1.5", "'1.5' is not an integer"),
        (a_field("integer", "1"), "1_0", "'1_0' is not a number"),
        (a_field("integer", "1"), "\u0663", "'\u0663' is not a number"),
        (a_field("integer", "1", maximum=100.0), "101", "must be 100 or less"),
        (a_field("integer", "1", minimum=0.0), "-1", "must be 0 or more"),
        (a_field("number", "1"), "nan", "'nan' is not a number"),
        (a_field("number", "1"), "1e999", "'1e999' is not a number"),
        (a_field("boolean", "true"), ("choose", "maybe"), "choose yes or no, not 'maybe'"),
        (a_field("choice", "a", choices=("a", "b")), ("choose", "2"), "'2' is not one of the choices"),
        (a_field("choice", "a", choices=("a", "b")), ("choose", "prod"), "'prod' is not one of the choices"),
        (a_field("secret", "a"), "x", "a field of kind 'secret' cannot be edited here"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(field: FieldView, given: Any, error: str) -> None:
    assert edit_values(typed(percent=given), (field,)) == FieldErrors(errors={"edit.percent": error})


@pytest.mark.parametrize("state", [None, [], {"edit.percent": 1}, {"edit.percent": {"other": {"value": "5"}}}])
def test_a_forged_state_is_read_as_nothing_typed(state: object) -> None:
    assert edit_values(state, (a_field("integer", "1"),)) == FieldErrors(errors={"edit.percent": "this is needed"})


def test_a_field_nobody_offered_is_not_taken_from_the_modal() -> None:
    assert edit_values(typed(percent="5", admin="yes"), (a_field("integer", "1"),)) == Edited(values={"percent": 5})


def test_a_value_too_long_for_an_input_is_named_and_left_out() -> None:
    long = a_field("string", "a" * 3_001, name="body")
    view = modal(long, a_field("integer", "1"))
    assert_slack_takes_view(view)
    assert "Too long to edit here, stays as it is: body" in all_text(view)
    assert edit_values(typed(percent="5"), (long, a_field("integer", "1"))) == Edited(values={"percent": 5})


def test_a_hidden_character_stays_in_the_input_and_is_named_in_the_hint() -> None:
    view = modal(a_field("string", "pro\u200bd"))
    assert "U+200B zero width space" in all_text(view)
    assert json.dumps(view).count('"initial_value": "pro\\u200bd"') == 1


def test_a_first_value_outside_the_bounds_is_left_empty_as_slack_would_refuse_the_modal() -> None:
    assert "initial_value" not in str(modal(a_field("integer", "500", maximum=100.0)))


def test_two_odd_names_do_not_share_an_input() -> None:
    assert block_id("a b") != block_id("a  b")
    assert block_id("x" * 5_000).startswith("edit.")
    assert len(block_id("x" * 5_000)) < 255


def test_a_rejection_needs_a_reason() -> None:
    view = reject_modal(ActionRef(proposal_id=PROPOSAL, fence=3), "Set flag `a` in prod")
    assert_slack_takes_view(view)
    assert_snapshot("reject_modal", view)
    assert reject_reason({"reject.reason": {"field": {"value": "  wait for 13:00 "}}}) == "wait for 13:00"
    for empty in (None, "", "   "):
        refused = reject_reason({"reject.reason": {"field": {"value": empty}}})
        assert isinstance(refused, FieldErrors)
        assert list(refused.errors) == ["reject.reason"]
