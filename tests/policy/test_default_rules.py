"""The rules that ship, decided case by case."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from policy import cases, loader
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.types import Actor, Allow, Deny, NeedsApproval, Obligation, StepUp, Target, Tier
from tests.policy.builders import GROUPS, TOOLS, a_scale, an_actor

TABLE = cases.read(DEFAULT_RULES / "cases.yaml")
BOOK = loader.load(DEFAULT_RULES, (), GROUPS)


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.case)
def test_each_case_beside_the_rules_is_decided_as_written(case: cases.CallCase | cases.VoteCase) -> None:
    """The same table that runs at load, one test a line so that a failure names its line."""
    engine = PolicyEngine(BOOK, loader.REHEARSAL)
    cases.check(case, engine, {spec.name: spec for spec in loader.REHEARSAL}, DEFAULT_RULES / "cases.yaml")


def test_every_refusing_rule_that_ships_says_what_would_be_allowed() -> None:
    """A plain forbid without a hint leaves people guessing."""
    assert [rule.id for rule in BOOK.rules if rule.effect == "forbid" and not rule.obligation and not rule.hint] == []


def test_a_real_tool_gets_its_obligations_whole(engine: PolicyEngine) -> None:
    """Count, group, self and expiry come from the annotations."""
    decision = engine.decide(a_scale(target=Target(kind="service", id="checkout", env="staging"), risk=80))
    assert decision == NeedsApproval(
        obligations=(
            Obligation(rule="approve-reversible", count=1, group="operators", allow_requester=True),
            Obligation(rule="approve-risky", count=2, group="sre"),
        ),
        because=("grant-write",),
    )


def test_a_refusal_carries_the_rule_and_its_hint(engine: PolicyEngine) -> None:
    """What the person in the thread is told."""
    assert engine.decide(a_scale(reason_code="")) == Deny(
        because=("deny-without-reason",), hint="give one of the reason codes INCIDENT, TICKET, EXPERIMENT, ROUTINE"
    )


def test_a_vote_of_the_requester_is_refused_with_the_reason(engine: PolicyEngine) -> None:
    """Case 11 of the safety cases."""
    answer = engine.may_vote(
        an_actor("U1", "operators"), requester="U1", group="operators", tenant="T-here", allow_requester=False
    )
    assert answer == Deny(because=("deny-own-vote",), hint="you asked for this, so somebody else must approve it")


def test_a_vote_without_any_requester_counts(engine: PolicyEngine) -> None:
    """Schedules have no requester, and their proposals still need people."""
    answer = engine.may_vote(
        an_actor("U1", "operators"), requester=None, group="operators", tenant="T-here", allow_requester=False
    )
    assert answer == Allow(because=("grant-vote-of-group",))


def test_undo_of_something_without_groups_is_refused(engine: PolicyEngine) -> None:
    """No group could approve it, so nobody of no group may take it back."""
    assert isinstance(engine.may_undo(an_actor("U1", "sre"), requester=None, groups=(), tenant="T-here"), Deny)


def test_the_version_names_the_rules_and_not_the_tools(engine: PolicyEngine) -> None:
    """A sealed proposal must not look outdated because an unrelated tool was added."""
    assert len(engine.version) == 16
    assert PolicyEngine.load(DEFAULT_RULES, TOOLS[:1], GROUPS).version == engine.version


def test_the_same_user_id_in_another_workspace_is_another_person(engine: PolicyEngine) -> None:
    """Slack ids repeat across workspaces."""
    call = a_scale()
    assert call.requester is not None
    decision = engine.decide(replace(call, requester=replace(call.requester, tenant="T-elsewhere")))
    assert isinstance(decision, Deny)
    assert decision.because == ("deny-foreign-requester",)


@pytest.mark.parametrize(("second_factor", "asked"), [(True, StepUp.REQUIRED), (False, StepUp.NOT_SET_UP)])
def test_the_leads_of_an_irreversible_change_in_prod_step_up_where_they_can(
    tmp_path: Path, second_factor: bool, asked: StepUp
) -> None:
    """And @step_up("required") is never softened by what is set up."""
    rules = tmp_path / "rules"
    shutil.copytree(DEFAULT_RULES, rules)
    file = rules / "approvals.cedar"
    file.write_text(file.read_text().replace('@from("sre")\nforbid', '@from("sre") @step_up("required")\nforbid'))
    rehearsal = tuple(loader.REHEARSAL)
    engine = PolicyEngine(loader.load(rules, (), GROUPS, second_factor=second_factor), rehearsal)
    decision = engine.decide(a_scale({}, tool="rehearsal.irreversible", tier=Tier.IRREVERSIBLE))
    assert isinstance(decision, NeedsApproval)
    found = {one.rule: one.step_up for one in decision.obligations}
    assert found == {"approve-irreversible": StepUp.REQUIRED, "approve-irreversible-prod": asked}


def test_the_rule_of_the_page_on_alerts_asks_two_people_where_no_person_asked(tmp_path: Path) -> None:
    """Who holds the secret of the door and approves is one person; then it takes another one."""
    page = (DEFAULT_RULES.parents[1] / "docs" / "alerts.md").read_text(encoding="utf-8")
    rules = tmp_path / "rules"
    shutil.copytree(DEFAULT_RULES, rules)
    (rules / "alerts.cedar").write_text(page.partition("```cedar\n")[2].partition("```")[0])
    engine = PolicyEngine(loader.load(rules, TOOLS, GROUPS), TOOLS)

    def asked(requester: Actor | None) -> set[tuple[int, str]]:
        decision = engine.decide(a_scale(requester=requester))
        assert isinstance(decision, NeedsApproval)
        return {(one.count, one.group) for one in decision.obligations}

    assert (2, "operators") in asked(replace(an_actor("U-bot"), is_bot=True)) & asked(None)
    assert (2, "operators") not in asked(an_actor("U-person"))
