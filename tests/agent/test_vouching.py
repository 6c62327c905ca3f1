"""What of an answer stands in results is found by code: figures as they are rounded, names as they are written."""

from typing import Any

import pytest

from bot.agent.vouching import Vouched, vouch
from bot.slack.cards.checked import checked_row
from policy.types import Tier
from storage.records import Step, StepKind
from tests.slack.cards.reading import assert_slack_takes

RATES = {
    "service": "checkout",
    "rate": 0.0734,
    "requests": 12_480,
    "pods": ["a-1", "b-2", "c-3"],
    "since": "2030-01-01T14:02:00Z",
    "note": "up from 1,900",
}


def step(seq: int, kind: StepKind, **body: Any) -> Step:
    return Step(task_id="t", seq=seq, turn=0, kind=kind, body=body, at=0.0)


def result(seq: int, tool: str, content: Any, *, status: str = "ran", finding: str = "") -> Step:
    return step(
        seq,
        StepKind.RESULT,
        call_id=f"c{seq}",
        tool=tool,
        status=status,
        content=content,
        finding=finding,
        evidence="e1",
    )


def seen(answer: str, *results: Step, asked: str = "why is it failing?", model: bool = True) -> Vouched | None:
    said: dict[str, Any] = {"text": answer, "partial": False, **({"model": True} if model else {})}
    steps = [step(0, StepKind.USER, text=asked, by="U1"), *results, step(99, StepKind.SAID, **said)]
    return vouch(steps, lambda tool: Tier.READ if tool == "shop.error_rate" else Tier.REVERSIBLE, lambda text: text)


@pytest.mark.parametrize(
    ("answer", "found", "own"),
    [
        ("The error rate is 7.3 % of 12,480 requests.", 2, ()),
        ("The error rate is 7.34% now, not 8%.", 2 - 1, ("8%",)),
        ("It rose to 42 %, from 1,900.", 1, ("42 %",)),
        ("3 pods of `checkout` fail since 14:02, among them `b-2`.", 4, ()),
        ("`payments` is down; v2.4.1 is to blame.", 0, ("payments", "v2.4.1")),
        ("1. First\n2. Second", 0, ()),
        ("See https://x.example/99 and <@U0123> in <#C99|ops>", 0, ()),
        ("I set it to 55 as you asked.", 1, ()),
        ("It is 7.3%. Really: 7.3%.", 1, ()),
        ("All is well.", 0, ()),
        ("shop[.]example", 0, ()),
    ],
)
def test_what_stands_in_a_result_and_what_does_not(answer: str, found: int, own: tuple[str, ...]) -> None:
    known = seen(answer, result(1, "shop.error_rate", RATES), asked="set it to 55 if needed")
    assert known is not None
    assert (known.found, known.own) == (found, own)


def test_a_refused_or_failed_call_vouches_for_nothing() -> None:
    known = seen("It is 7.", result(1, "shop.error_rate", {"message": "7 times no"}, status="denied"))
    assert known is not None and known.own == ("7",) and known.results == 0


def test_words_that_no_model_chose_need_no_such_line() -> None:
    assert seen("Checkout is well.", model=False) is None


def test_an_answer_before_the_last_question_is_not_judged_again() -> None:
    first = step(1, StepKind.SAID, text="It is 41.", partial=False, model=True)
    more = step(2, StepKind.USER, text="and now?", by="U1")
    last = step(3, StepKind.SAID, text="It is 42.", partial=False, model=True)
    known = vouch([step(0, StepKind.USER, text="?", by="U1"), first, more, last], lambda _t: Tier.READ, str)
    assert known is not None and known.own == ("42",)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ({"verified": {"held": "yes"}}, "ran", "Changes: 1 change whose check held."),
        ({"verified": {"held": "unknown"}}, "ran", "Changes: 1 change that no check confirmed."),
        ({"message": "?"}, "in_doubt", "Changes: 1 change that no check confirmed."),
        ({"message": "no"}, "denied", "Nothing was changed."),
    ],
)
def test_what_a_model_claims_to_have_done_is_said_from_the_record(content: Any, status: str, words: str) -> None:
    known = seen("Done, I fixed it and verified it.", result(1, "shop.set_flag", content, status=status))
    assert known is not None
    assert words in str(checked_row(known, lambda hashed: f"https://console.example/{hashed}"))


def test_the_line_names_what_is_the_models_own_and_links_what_is_not() -> None:
    known = seen("7.3 % of `checkout`, up from 3 %", result(1, "shop.error_rate", RATES, finding="5xx rate 7.3 %"))
    assert known is not None
    row = checked_row(known, lambda hashed: f"https://console.example/{hashed}")
    assert_slack_takes((row,))
    elements = row["elements"]
    assert isinstance(elements, list) and isinstance(elements[0], dict)
    assert elements[0]["text"] == (
        "*Checked*: 3 of 3 figures and names stand in what tools returned or people asked"
        " (`5xx rate 7.3 %` <https://console.example/e1|evidence>). The wording is the model's. Nothing was changed."
    )
    nothing = seen("It is 12 `*bold*` <!channel>")
    assert nothing is not None and "nothing was looked up" in str(checked_row(nothing, str))


def test_a_terminal_gets_it_in_one_plain_line() -> None:
    known = seen("7.3 % now, not 41 %", result(1, "shop.error_rate", RATES))
    assert known is not None
    assert known.in_words() == (
        "checked: 1 of 2 figures and names stand in results; the model's own: 41 %; changes: none"
    )


def test_a_name_that_would_act_in_slack_is_literal() -> None:
    known = seen("`<!channel>` and `*x*` and `\u202eabc`", result(1, "shop.error_rate", {"a": 1}))
    assert known is not None
    text = str(checked_row(known, str))
    assert "<!channel>" not in text and "\\u202e" in text.replace("\\\\", "\\")
