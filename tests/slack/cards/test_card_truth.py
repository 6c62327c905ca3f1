"""Cases 18 and 20 to 24 of the safety list: the card is the arguments, and nothing on it can lie about them."""

import json

import pytest

from bot.orchestrator.views import ArgumentView, CardState, EvidenceLink, VoteLine
from bot.slack.actions import parse_action, parse_choice, parse_feedback
from bot.slack.cards.approval import approval_card
from bot.slack.cards.details import details_modal, too_long_to_show
from tests.slack.cards.builders import NOON, PROPOSAL, an_approval
from tests.slack.cards.reading import (
    all_text,
    assert_slack_takes,
    assert_slack_takes_view,
    buttons,
    markup,
    mrkdwn_texts,
    preformatted,
)
from tools.contract import Change


def with_value(value: str) -> ArgumentView:
    return ArgumentView(name="path", value=json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize(
    "forged",
    [
        "",
        PROPOSAL,
        f"{PROPOSAL}.",
        f"{PROPOSAL}.-1",
        f"{PROPOSAL}.03",
        f"{PROPOSAL}.3\n",
        f" {PROPOSAL}.3",
        f"{PROPOSAL.upper()}.3",
        f"{PROPOSAL[:12]}.3",
        f"{PROPOSAL}.3.approve",
        f"{PROPOSAL}.\u0663",
        f"{PROPOSAL}.{'9' * 40}",
        '{"proposal_id": 1}',
    ],
)
def test_case_18_a_forged_value_is_no_claim_at_all(forged: str) -> None:
    assert parse_action(forged) is None
    assert parse_choice(f"details.{forged}") is None


def test_case_18_a_value_of_another_control_is_not_taken_for_this_one() -> None:
    assert parse_action(f"details.{PROPOSAL}.3") is None
    assert parse_choice(f"approve.{PROPOSAL}.3") is None
    assert parse_feedback(f"{PROPOSAL}.3") is None


def test_case_20_model_text_that_looks_like_a_card_stays_a_quotation() -> None:
    fake = "*Approved* by <@U0DANA>\n*Risk 0 of 100 · low*\n<https://evil.example|Runbook>"
    card = approval_card(an_approval(why=fake))
    assert markup([*card.blocks]) == ["<@U0ANA>"], "only the person who asked is mentioned"
    assert not any("Approved" in text or "Risk 0" in text for text in mrkdwn_texts([*card.blocks]))
    quotes = [block for block in card.blocks if "rich_text_quote" in json.dumps(block)]
    assert len(quotes) == 1
    assert "not verified" in all_text(quotes[0])


@pytest.mark.parametrize(
    ("value", "shown", "named"),
    [
        ("/srv/\u202etxt.exe", "/srv/\\u202etxt.exe", "U+202E right-to-left override"),
        ("pro\u200bd", "pro\\u200bd", "U+200B zero width space"),
        ("p\u0430ypal", "p\\u0430ypal", "U+0430 cyrillic small letter a"),
        ("\u0430\u0440\u0440\u04cf\u0435", "\\u0430\\u0440\\u0440\\u04cf\\u0435", "U+0430 cyrillic small letter a"),
        ("a\u2215b", "a\\u2215b", "U+2215 division slash"),
        ("\uff50rod", "\\uff50rod", "U+FF50 fullwidth latin small letter p"),
        ("x\U000e0041", "x\\udb40\\udc41", "U+E0041 tag latin capital letter a"),
    ],
)
def test_case_21_deceptive_characters_stand_as_code_points_and_are_flagged(value: str, shown: str, named: str) -> None:
    text = all_text([*approval_card(an_approval(arguments=(with_value(value),))).blocks])
    assert shown in text
    assert f"Hidden or look-alike characters*, shown here as code points: {named}" in text
    assert value not in text


def test_case_21_an_escape_spelled_out_in_the_json_is_flagged_too() -> None:
    spelled = ArgumentView(name="path", value='"a\\u202eb"')
    assert "U+202E" in all_text([*approval_card(an_approval(arguments=(spelled,))).blocks])


@pytest.mark.parametrize(
    "honest", ["привет, это тест из дома", "Kubernetes集群", "Zürich, Łódź", "Δt 5 µs", "naïve café"]
)
def test_case_21_honest_writing_is_left_alone(honest: str) -> None:
    text = all_text([*approval_card(an_approval(arguments=(with_value(honest),))).blocks])
    assert honest in text
    assert "Hidden" not in text


def test_case_22_a_long_value_is_not_begun_on_the_card_and_stands_whole_in_the_details() -> None:
    value = "harmless " * 340 + "; drop the database"
    view = an_approval(arguments=(with_value(value),))
    card = approval_card(view)
    assert_slack_takes(card.blocks)
    text = all_text([*card.blocks])
    assert f"value is {len(json.dumps(value)):,} characters: Show all" in text
    assert "harmless" not in text
    assert next(iter(buttons(card.blocks))) == "Show all"
    modal = details_modal(view, sealed="{}")
    assert_slack_takes_view(modal)
    assert json.dumps(value) in preformatted(modal)


def test_case_22_a_long_row_of_before_and_after_is_not_begun_on_the_card_either() -> None:
    change = Change(label="body", before="short", after="harmless " * 400 + "; drop the database")
    card = approval_card(an_approval(changes=(change,)))
    text = all_text([*card.blocks])
    assert "body:  `short` → _value is 3,619 characters: Show all_" in text
    assert "harmless" not in text
    assert "Show all" in buttons(card.blocks)


def test_case_22_a_long_line_1_is_not_begun_and_the_confirm_dialog_says_so() -> None:
    view = an_approval(says="Delete " + "a" * 3_000 + " and prod", tier="irreversible", undo_says="")
    card = approval_card(view)
    assert "aaaa" not in all_text([*card.blocks])
    assert "press Show all" in all_text(buttons(card.blocks)["Approve: turn off"]["confirm"])
    assert "a" * 2_000 in preformatted(details_modal(view, sealed=""))


def test_case_22_what_not_even_the_details_can_show_whole_is_refused_with_a_next_step() -> None:
    fits = an_approval(arguments=(with_value("a" * 50_000),))
    assert too_long_to_show(fits, sealed="") is None
    beyond = an_approval(arguments=(with_value("a" * 70_000),))
    said = too_long_to_show(beyond, sealed="")
    assert said is not None
    assert "the longest argument, 'path', has 70,002" in said
    assert "smaller pieces" in said


@pytest.mark.parametrize(
    "value",
    ["*bold*", "<!channel>", "<https://evil.example|runbook>", "<@U0DANA>", "`; rm -rf /`", "_x_ ~y~", ":boom:", "> q"],
)
def test_case_23_markup_in_a_value_is_literal(value: str) -> None:
    change = Change(label=value, before=value, after="x")
    view = an_approval(arguments=(with_value(value),), changes=(change,), requester="Ana", outcome=value)
    card = approval_card(view)
    assert_slack_takes(card.blocks)
    assert markup([*card.blocks]) == []
    assert markup([{"type": "mrkdwn", "verbatim": True, "text": card.text}]) == []
    span = value.replace("`", "\\u0060")
    assert f'`"{span}"`' in all_text([*card.blocks])
    assert f":  `{span}` → `x`" in all_text([*card.blocks])


def test_case_23_a_line_break_in_a_value_cannot_fake_a_second_row() -> None:
    fake = "off\n• owner:  `nobody` → `everybody`"
    change = Change(label="flag\n*Risk 0*", before="on", after=fake)
    card = approval_card(an_approval(changes=(change,)))
    rows = [line for text in mrkdwn_texts([*card.blocks]) for line in text.splitlines()]
    assert sum(line.startswith("•") for line in rows) == 1, "one change"
    assert "flag ⏎ *Risk 0*" in all_text([*card.blocks])


def test_case_23_an_address_that_is_not_plain_is_shown_and_not_linked() -> None:
    tricks = (
        "javascript:alert(1)",
        "https://good.example@evil.example/",
        "https://evil.example/|good",
        "https://ex\u0430mple.com/",
        "http://a b/",
    )
    view = an_approval(evidence=tuple(EvidenceLink(label="runbook", url=url) for url in tricks))
    assert '"type": "link"' not in json.dumps(approval_card(view).blocks)


def test_a_label_never_hides_where_a_link_leads() -> None:
    link = EvidenceLink(label="https://grafana.example", url="https://evil.example/x")
    assert "(evil.example)" in all_text([*approval_card(an_approval(evidence=(link,))).blocks])


def test_case_24_the_arguments_stand_above_the_reason_which_is_marked_unverified() -> None:
    view = an_approval(why="This only reads; it changes nothing.")
    text = all_text([*approval_card(view).blocks])
    assert text.index('`"new-checkout"`') < text.index("not verified") < text.index("This only reads")


def test_a_value_from_an_untrusted_place_says_where_it_came_from() -> None:
    argument = ArgumentView(name="host", value='"db.example"', origin="log line (untrusted)")
    text = all_text([*approval_card(an_approval(arguments=(argument,))).blocks])
    assert '`"db.example"`  △ came from: log line (untrusted)' in text


def test_a_reject_reason_cannot_speak_for_the_card() -> None:
    vote = VoteLine(voter="Sam", approve=False, at=NOON, reason="no\n✓ *Done and verified*")
    card = approval_card(an_approval(CardState.REJECTED, votes=(vote,)))
    first = next(mrkdwn_texts([*card.blocks]))
    assert first.splitlines()[1:] == [first.splitlines()[1]]
    assert "`no ⏎ ✓ *Done and verified*`" in first
