"""Each numbered safety case and the tests that hold it; a test that is renamed or gone shows up here."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOOR = "security/test_signed_door.py"
CARDS = "slack/cards/test_card_truth.py"
ATTACK = "hostile/test_hostile.py::test_no_attack_wins"
CASES: dict[int, tuple[str, ...]] = {
    1: (
        f"{DOOR}::test_case_1_and_4_a_forged_or_odd_signature_is_turned_away",
        f"{DOOR}::test_case_1_another_body_or_another_secret_is_turned_away",
        "scenarios/test_signed_http.py::test_what_slack_did_not_sign_now_is_turned_away",
    ),
    2: (f"{DOOR}::test_case_2_and_4_a_timestamp_that_is_not_now_is_turned_away",),
    3: ("orchestrator/test_ballots.py::test_one_delivery_is_one_task_however_it_arrives",),
    4: (
        f"{DOOR}::test_case_1_and_4_a_forged_or_odd_signature_is_turned_away",
        f"{DOOR}::test_case_2_and_4_a_timestamp_that_is_not_now_is_turned_away",
        f"{DOOR}::test_case_4_a_body_that_is_no_text_is_turned_away",
    ),
    5: (f"{DOOR}::test_case_5_the_same_meaning_in_other_bytes_is_turned_away",),
    6: (f"{DOOR}::test_case_6_the_old_secret_is_good_inside_the_overlap_and_not_after",),
    7: ("durability/test_replicas.py::test_whatever_comes_twice_is_worked_on_once",),
    8: ("security/test_strangers.py::test_case_8_a_stranger_is_ignored_and_audited_once",),
    9: ("scenarios/test_odd_input.py::test_an_edited_or_deleted_request_is_no_second_one",),
    10: ("orchestrator/test_ballots.py::test_a_press_that_does_not_count_changes_nothing_and_is_audited",),
    11: ("policy/test_default_rules.py::test_a_vote_of_the_requester_is_refused_with_the_reason",),
    12: ("orchestrator/test_ballots.py::test_one_person_of_two_groups_is_one_vote",),
    13: ("tools/test_recheck.py::test_an_approver_who_may_no_longer_approve_does_not_count",),
    14: ("tools/test_seal.py::test_any_sealed_field_changed_in_the_database_is_refused_and_audited",),
    15: (
        "tools/test_recheck.py::test_a_moved_target_asks_again_with_what_moved",
        "tools/test_recheck.py::test_a_new_version_of_the_tool_asks_again",
    ),
    16: (
        "orchestrator/test_ballots.py::test_two_people_at_once_are_two_votes",
        "orchestrator/test_ballots.py::test_approve_and_reject_at_once_end_in_one_state",
    ),
    17: (
        "orchestrator/test_ballots.py::test_a_press_on_a_card_that_ended_is_refused_and_redrawn",
        "orchestrator/test_ballots.py::test_a_press_after_expiry_is_refused_before_the_sweep_and_after",
    ),
    18: (f"{CARDS}::test_case_18_a_forged_value_is_no_claim_at_all",),
    19: ("orchestrator/test_copied_cards.py::test_case_19_a_press_on_a_copy_is_refused_and_audited",),
    20: (f"{CARDS}::test_case_20_model_text_that_looks_like_a_card_stays_a_quotation",),
    21: (f"{CARDS}::test_case_21_deceptive_characters_stand_as_code_points_and_are_flagged",),
    22: (f"{CARDS}::test_case_22_a_long_value_is_not_begun_on_the_card_and_stands_whole_in_the_details",),
    23: (
        f"{CARDS}::test_case_23_markup_in_a_value_is_literal",
        f"{CARDS}::test_case_23_a_line_break_in_a_value_cannot_fake_a_second_row",
    ),
    24: (f"{CARDS}::test_case_24_the_arguments_stand_above_the_reason_which_is_marked_unverified",),
    25: (
        "tools/test_limits.py::test_forty_in_a_minute_are_limited_for_one_person_over_all_tasks",
        "tools/test_limits.py::test_what_people_rejected_is_not_asked_again_in_that_task",
        "tools/test_limits.py::test_a_word_changed_is_not_another_question",
    ),
    26: (ATTACK, "policy/test_mandate.py::test_words_imply_tools"),
    27: (ATTACK,),
    28: ("policy/test_mandate.py::test_another_target_than_the_named_one_is_off_plan",),
    29: (ATTACK,),
    30: ("policy/test_roles.py::test_roles",),
    31: ("orchestrator/test_grants.py::test_it_is_used_up",),
    32: (ATTACK, "policy/test_roles.py::test_roles"),
    33: (ATTACK,),
    34: (
        "tools/test_freezes_and_budgets.py::test_five_small_calls_that_add_up_to_a_large_one_are_asked_about",
        "tools/test_freezes_and_budgets.py::test_a_task_that_used_up_its_budget_changes_nothing_more",
    ),
    35: (ATTACK, "hostile/test_labels.py::test_what_was_quoted_vouches_for_nothing_in_a_later_task_of_the_thread"),
    36: (
        "tools/sources/mcp/test_mcp.py::test_a_tool_that_changed_is_denied_until_a_person_pins_it_again",
        "tools/sources/mcp/test_mcp.py::test_a_new_tool_is_no_tool_until_it_is_pinned",
    ),
    37: ("policy/test_defanging.py::test_what_nobody_allowed_is_dead",),
    38: ("policy/test_redaction_stream.py::test_no_secret_leaks_at_any_single_split_point",),
    39: (
        "tools/test_gateway_order.py::test_nothing_runs_when_the_audit_cannot_be_written",
        "tools/test_full_disk.py::test_nothing_runs_while_there_is_no_room_and_it_runs_once_there_is",
        "storage/test_audit.py::test_a_changed_dropped_or_reordered_entry_is_named",
        "commands/test_audit.py::test_a_tail_cut_together_with_its_head_shows_against_a_published_link",
    ),
    40: ("durability/test_kill_nine.py::test_killed_on_sqlite",),
}


def test_every_case_is_named_once() -> None:
    assert set(CASES) == set(range(1, 41))


@pytest.mark.parametrize("node", sorted({node for nodes in CASES.values() for node in nodes}))
def test_the_named_test_is_there(node: str) -> None:
    """A function of that name, where pytest collects it."""
    file, name = node.split("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
