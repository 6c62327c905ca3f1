"""Whatever is wrong with a question or the engine, the answer is no."""

from dataclasses import replace
from typing import Any

import cedarpy
import pytest

from policy.cedar import ENGINE_ERROR, PolicyEngine
from policy.preflight import MAX_TEXT, TOO_LARGE, UNKNOWN_TOOL, WRONG_SHAPE
from policy.types import Allow, CallRequest, Deny, Target, Tier
from tests.policy.builders import GROUPS, TOOLS, a_scale, an_actor
from tests.policy.conftest import WriteRules

PERMIT_ALL = '@id("grant-all") permit (principal, action, resource);\n'
SERVICE = Target(kind="service", id="checkout", env="prod")


@pytest.mark.parametrize(
    ("call", "because"),
    [
        (a_scale(tool="k8s.delete"), UNKNOWN_TOOL),
        (a_scale(tool="rehearsal.reversible", params={}), UNKNOWN_TOOL),
        (a_scale(tool="approve", params={}), UNKNOWN_TOOL),
        (a_scale(tier=Tier.READ), WRONG_SHAPE),
        (a_scale(target=Target(kind="service", id="checkout", env="production")), WRONG_SHAPE),
        (a_scale(target=Target(kind="database", id="checkout", env="prod")), WRONG_SHAPE),
        (a_scale(params={}), WRONG_SHAPE),
        (a_scale(params={"replicas": True}), WRONG_SHAPE),
        (a_scale(params={"replicas": "3"}), WRONG_SHAPE),
        (a_scale(params={"replicas": 2**63}), WRONG_SHAPE),
        (a_scale(params={"replicas": 3, "wait": 1}), WRONG_SHAPE),
        (a_scale(params={"replicas": 3, "zones": "a"}), WRONG_SHAPE),
        (a_scale(params={"replicas": 3, "force": True}), WRONG_SHAPE),
        (a_scale(risk=2**70), WRONG_SHAPE),
        (a_scale(params={"replicas": 3, "zones": ("z" * MAX_TEXT,)}), TOO_LARGE),
        (a_scale(target=Target(kind="service", id="\ud800", env="prod")), ENGINE_ERROR),
    ],
)
def test_a_call_of_the_wrong_shape_is_refused_with_a_hint(
    engine: PolicyEngine, call: CallRequest, because: str
) -> None:
    """The engine is not asked about what its schema does not describe."""
    decision = engine.decide(replace(call, autonomy=2))
    assert isinstance(decision, Deny)
    assert decision.because == (because,)
    assert decision.hint


def test_a_forbid_that_errors_refuses(rules_of: WriteRules) -> None:
    """Cedar skips a rule that overflows and says Allow; we do not."""
    rules = rules_of(
        PERMIT_ALL + '@id("deny-many") forbid (principal, action == Action::"k8s.scale", resource)\n'
        "when { context.params.replicas * 9000000000000000000 > 5 };",
        """
cases:
  - {case: one is many, call: {tool: k8s.scale, params: {replicas: 1}, tier: reversible}, expect: deny}
  - {case: none is not, call: {tool: k8s.scale, params: {replicas: 0}, tier: reversible}, expect: allow}
""",
    )
    engine = PolicyEngine.load(rules, TOOLS, GROUPS)
    assert isinstance(engine.decide(a_scale(params={"replicas": 0})), Allow)
    overflow = engine.decide(a_scale(params={"replicas": 9}))
    assert isinstance(overflow, Deny)
    assert overflow.because == (ENGINE_ERROR,)


def test_an_asking_rule_that_errors_refuses(rules_of: WriteRules) -> None:
    """Skipping it would run the call without the approval it asks for."""
    rules = rules_of(
        PERMIT_ALL + '@id("ask-many") @approvals("1") @from("sre")\n'
        'forbid (principal, action == Action::"k8s.scale", resource)\n'
        "when { context.params.replicas * 9000000000000000000 > 5 };",
        "cases: [{case: one asks, call: {tool: k8s.scale, params: {replicas: 1}, tier: reversible}, expect: approve}]",
    )
    engine = PolicyEngine.load(rules, TOOLS, GROUPS)
    overflow = engine.decide(a_scale(params={"replicas": 9}))
    assert isinstance(overflow, Deny)
    assert overflow.because == (ENGINE_ERROR,)


def test_an_exception_inside_the_engine_refuses(engine: PolicyEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken engine stops work; it does not wave it through."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(cedarpy, "is_authorized", broken)
    assert engine.decide(a_scale()).because == (ENGINE_ERROR,)
    vote = engine.may_vote(an_actor("U2", "sre"), requester=None, group="sre", tenant="T-here", allow_requester=False)
    assert isinstance(vote, Deny)
    assert isinstance(engine.may_undo(an_actor("U2", "sre"), requester=None, groups=["sre"], tenant="T-here"), Deny)


@pytest.mark.parametrize("text", ['"; drop', 'x"}, {"uid": 1}', "a\nb", "\u202eevil", 'Action::"approve"', ""])
def test_odd_ids_are_data_and_never_syntax(engine: PolicyEngine, text: str) -> None:
    """Uids are built from type and id, so nothing in an id changes the question."""
    call = a_scale(target=Target(kind="service", id=text, env="prod"), autonomy=2, requester=an_actor(text))
    assert isinstance(engine.decide(call), Allow)
    assert isinstance(engine.decide(replace(call, autonomy=0)), Deny)
