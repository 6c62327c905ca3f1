"""Budgets: what was split into small calls counts together."""

from typing import Any

import pytest
from pydantic import ValidationError

from policy.budgets import Budget, Spending, together, used_up
from policy.types import Tier

NOW = 1_800_000_000.0


def spent(**changes: Any) -> Spending:
    values: dict[str, Any] = {
        "task": "t1",
        "tool": "shop.refund",
        "tier": Tier.REVERSIBLE,
        "env": "prod",
        "target": "order 1",
        "blast": 10,
        "at": NOW,
        "arguments": {"amount": 100},
    }
    return Spending(**(values | changes))


def test_a_task_changes_so_often_and_another_task_has_its_own() -> None:
    budget = Budget(per="task", changes=2)
    earlier = [spent(at=NOW - 99_999), spent(task="t2")]
    assert budget.broken_by(spent(), earlier) == ""
    said = budget.broken_by(spent(), [*earlier, spent()])
    assert said == "the budget of 2 changes a task has 0 left and this takes 1"


def test_an_hour_forgets_what_is_older() -> None:
    budget = Budget(per="hour", changes=1, env="prod")
    assert budget.broken_by(spent(), [spent(at=NOW - 3600), spent(env="dev")]) == ""
    assert budget.broken_by(spent(), [spent(at=NOW - 3599)]) != ""
    assert budget.broken_by(spent(env="dev"), [spent(at=NOW - 3599)]) == ""


def test_amounts_add_up_and_a_negative_one_gives_nothing_back() -> None:
    """Case 34: five small calls are one large one."""
    budgets = (Budget(per="day", tool="shop.refund", argument="amount", most=450),)
    earlier = [spent(arguments={"amount": 100})] * 3 + [spent(arguments={"amount": -100})]
    said = used_up(budgets, spent(), earlier)
    assert said == "the budget of 450 in 'amount' of shop.refund a day has 50 left and this takes 100"
    assert used_up(budgets, spent(arguments={"amount": 50}), earlier) == ""
    assert used_up(budgets, spent(arguments={"amount": True, "other": 10**9}), earlier) == ""


def test_a_blast_radius_is_summed_over_different_things() -> None:
    same = [spent(blast=10), spent(blast=12)]
    assert together(same) == 12
    assert together([*same, spent(target="order 2", blast=10), spent(env="dev", blast=5)]) == 27
    budget = Budget(per="hour", blast=30)
    assert budget.broken_by(spent(target="order 3", blast=8), [*same, spent(target="order 2")]) == ""
    assert budget.broken_by(spent(target="order 3", blast=9), [*same, spent(target="order 2")]) != ""
    assert budget.broken_by(spent(target="order 2", blast=18), [*same, spent(target="order 2")]) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"per": "task"},
        {"per": "task", "changes": 1, "blast": 1},
        {"per": "hour", "argument": "amount"},
        {"per": "week", "changes": 1},
        {"per": "hour", "changes": 1, "tier": "read"},
        {"per": "hour", "changes": 0},
    ],
)
def test_a_budget_bounds_one_thing(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Budget.model_validate(wrong)
