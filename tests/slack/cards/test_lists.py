"""Digest, Home, the slash command's answers, notices, refusals and the end of a stream."""

from dataclasses import replace
from typing import Any

import pytest

from bot.orchestrator.views import AgentLine, CardState, DigestView, HomeView, Paged
from bot.slack.actions import Feedback, FeedbackRef, parse_feedback
from bot.slack.cards.answer import answer_end
from bot.slack.cards.blocks import Card
from bot.slack.cards.digest import digest_card
from bot.slack.cards.home import home_view
from bot.slack.cards.notice import notice
from bot.slack.cards.orphan import Step, orphan_card
from bot.slack.cards.refusal import refusal
from bot.slack.cards.tasks import HELP, Word, approval_list, help_card, status_card, task_list
from tests.slack.cards.builders import NOON, a_task, an_approval, an_item, in_state
from tests.slack.cards.reading import all_text, assert_slack_takes, assert_slack_takes_view, assert_snapshot


def a_digest(actions: int, waiting: int) -> DigestView:
    return DigestView(
        title="Wednesday, #incidents",
        since=NOON,
        until=NOON + 86_400,
        tasks_started=12,
        tasks_completed=10,
        tasks_failed=1,
        proposed=7,
        approved=5,
        rejected=1,
        expired=1,
        auto_run=2,
        undone=1,
        median_decision_seconds=75.0,
        actions=tuple(an_item(says=f"Set flag `{n}` off in prod") for n in range(actions)),
        open_items=tuple(an_item(link="https://acme.slack.com/archives/C1/p1") for _ in range(waiting)),
        failing_tools=(("shop.set_flag", 2, 9),),
    )


def a_home(waiting: int = 1, tasks: int = 1) -> HomeView:
    return HomeView(
        connected=True,
        agents=(AgentLine(name="autopilot", brain="rules", data_policy="local: nothing leaves this installation"),),
        waiting_for_me=tuple(an_approval(link="https://acme.slack.com/archives/C1/p1") for _ in range(min(waiting, 5))),
        waiting=Paged(page=1 if waiting > 5 else 0, total=waiting),
        my_requests=tuple(a_task(state="escalated_to_human") for _ in range(min(tasks, 5))),
        requests=Paged(total=tasks),
        open_tasks=tuple(a_task(title="post digest", state="running") for _ in range(min(tasks, 5))),
        open=Paged(total=tasks),
        recent=(in_state(CardState.VERIFIED), in_state(CardState.REJECTED)) if tasks else (),
        done=Paged(total=2 if tasks else 0),
        area="incident" if waiting > 5 else "",
    )


CARDS = {
    "digest": digest_card(a_digest(actions=2, waiting=1)),
    "digest_quiet": digest_card(a_digest(actions=0, waiting=0)),
    "notice": notice("the shop did not answer within 10 s", next_step="try again", correlation_id="c-1"),
    "refusal": refusal(
        "you cannot approve this: you asked for it yourself",
        rules=("four-eyes",),
        allowed="somebody else of @operators may approve it",
        ask=("U0DANA", "Sam Lindqvist"),
        correlation_id="c-1",
    ),
    "status": status_card(a_home()),
    "task_list": task_list((a_task(), a_task(title="post digest", state="running"))),
    "task_list_empty": task_list(()),
    "approval_list": approval_list((an_approval(),)),
    "help": help_card("/autopilot"),
    "help_unknown": help_card("/autopilot", unknown="aprove"),
    "orphan": orphan_card(
        [
            Step(title="Checked error rates of checkout", status="complete", finding="5xx rate 7.3 %"),
            Step(title="Looked at deploys", status="in_progress"),
            Step(title="Asked the queue", status="error"),
        ],
        ["The error rate rose at **14:02**.", ""],
    ),
    "answer_end": Card(blocks=answer_end("c-1", "t_1"), text="-"),
}


@pytest.mark.parametrize("name", CARDS)
def test_each_small_card_is_as_last_reviewed(name: str) -> None:
    card = CARDS[name]
    assert_slack_takes(card.blocks)
    assert_snapshot(name, {"text": card.text, "blocks": [*card.blocks]})


def test_home_is_as_last_reviewed() -> None:
    assert_slack_takes_view(home_view(a_home()))
    assert_snapshot("home", home_view(a_home()))


def test_an_empty_home_says_what_to_do() -> None:
    text = all_text(home_view(a_home(waiting=0, tasks=0)))
    assert "Nothing waits for you" in text
    assert "mention me and say what is wrong" in text
    assert "listed here, with Undo" in text


def test_an_empty_area_says_how_to_see_everything() -> None:
    view = replace(a_home(waiting=0, tasks=0), area="growth")
    assert "Choose All to see everything" in all_text(home_view(view))


def test_a_digest_of_hundreds_fits_and_counts_what_it_leaves_out() -> None:
    card = digest_card(a_digest(actions=49, waiting=300))
    assert_slack_takes(card.blocks)
    text = all_text([*card.blocks])
    assert "and 34 more actions" in text
    assert "and 290 more items" in text


def test_a_full_home_turns_pages_and_says_where_it_stands() -> None:
    drawn = home_view(a_home(waiting=44, tasks=44))
    assert_slack_takes_view(drawn)
    assert "44 about incident waiting for you" in all_text(drawn)
    assert "6 to 10 of 44" in all_text(drawn)
    body: Any = drawn["blocks"]
    ids = [str(e["action_id"]) for b in body for e in b.get("elements", ()) if "action_id" in e]
    assert {"home.page.waiting.0", "home.page.waiting.2", "home.page.open.1"} <= set(ids)
    assert "home.page.requests.0" not in ids


def test_help_names_every_word() -> None:
    assert set(HELP) == set(Word)
    text = all_text([*help_card("/autopilot").blocks])
    assert all(f"/autopilot {word}" in text for word in Word)


def test_feedback_carries_the_answer_it_judges() -> None:
    assert parse_feedback("good.t_1") == FeedbackRef(feedback=Feedback.GOOD, task_id="t_1")
    assert '"bad.t_1"' in str(answer_end("c-1", "t_1")).replace("'", '"')
    assert parse_feedback("great.t_1") is None


def test_an_interrupted_message_shows_no_step_as_still_going_on() -> None:
    text = all_text([*CARDS["orphan"].blocks])
    assert "Looked at deploys (interrupted)" in text
    assert "Interrupted, continued below." in text


def test_an_interrupted_text_cannot_call_anybody() -> None:
    card = orphan_card([], ["<!channel> <@U0DANA> <https://evil.example|runbook> if a < b"])
    markdown = str(card.blocks[0]["text"])
    assert markdown == "&lt;!channel> &lt;@U0DANA> &lt;https://evil.example|runbook> if a < b"


def test_a_refusal_says_what_a_built_in_rule_means_and_names_the_others() -> None:
    def words(rule: str) -> str:
        return all_text([*refusal("You cannot approve this.", rules=(rule,), allowed="ask somebody").blocks])

    assert "none of your groups may do this" in words("builtin:default-deny")
    assert "builtin" not in words("builtin:default-deny")
    assert "rule deny-own-vote" in words("deny-own-vote")


def test_a_notice_names_the_channel_it_speaks_of() -> None:
    assert "posted to <#C0OPS>." in all_text([*notice("The digest is being posted to <#C0OPS>.").blocks])
