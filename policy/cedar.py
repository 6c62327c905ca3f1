"""The policy engine: one question in, one Decision out. It never raises and never allows by accident."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cedarpy

from policy import cases, loader, preflight, questions, schema
from policy.loader import RuleBook
from policy.questions import Question
from policy.rule import Rule
from policy.types import ActionSpec, Actor, Allow, CallRequest, Decision, Deny, NeedsApproval

DEFAULT_RULES: Final = Path(__file__).with_name("rules")

DEFAULT_DENY: Final = "builtin:default-deny"
ENGINE_ERROR: Final = "builtin:engine-error"
_ASK_BASE: Final = "builtin:ask-base"


@dataclass(frozen=True, kw_only=True)
class _Slice:
    """The rules that can concern one action, as parsed handles."""

    hard: cedarpy.PolicySet
    """permits and plain forbids"""
    asks: cedarpy.PolicySet
    """forbids that ask people, over a permit of everything"""


class PolicyEngine:
    """Decides calls, votes and undos by the rules of one folder."""

    def __init__(self, book: RuleBook, actions: Sequence[ActionSpec]) -> None:
        self.version = book.version
        self.second_factor = book.second_factor
        self._schema = book.schema
        self._rules = {rule.id: rule for rule in book.rules}
        self._specs = {spec.name: spec for spec in actions}
        self._slices = _slices(book, actions)

    @classmethod
    def load(
        cls,
        rules_dir: Path,
        actions: Sequence[ActionSpec],
        groups: Collection[str],
        *,
        cache_dir: Path | None = None,
        second_factor: bool = False,
    ) -> "PolicyEngine":
        """An engine whose rules parse, fit the tools and groups, and decide every case beside them as written.

        `second_factor`: approvers have a way to prove one here.

        Raises:
            PolicyError: naming the file, the line, the rule and what to do.
        """
        book = loader.load(rules_dir, actions, groups, cache_dir=cache_dir, second_factor=second_factor)
        specs = (*loader.REHEARSAL, *actions)
        cases.rehearse(rules_dir / "cases.yaml", cls(book, specs), specs, book.rules)
        return cls(book, actions)

    def decide(self, call: CallRequest) -> Decision:
        """What may happen to this call. Anything unclear is a Deny."""
        spec = self._specs.get(call.tool)
        if spec is None:
            return Deny(because=(preflight.UNKNOWN_TOOL,), hint=f"no rule knows tool {call.tool!r}; register it first")
        if (refused := preflight.check(call, spec)) is not None:
            return refused
        rules = self._slices[call.tool]
        try:
            question = questions.about_call(call, call.tool)
            hard = self._verdict(question, rules.hard)
            if isinstance(hard, Deny):
                return hard
            asked = self._ask(question, rules.asks)
        except Exception:  # whatever is wrong inside the engine, the answer to "may it run?" is no
            return _broken()
        if asked.diagnostics.errors or asked.decision is cedarpy.Decision.NoDecision:
            return _broken()
        if asked.allowed:
            return hard
        fired = [self._rules[name].obligation for name in sorted(asked.diagnostics.reasons) if name in self._rules]
        obligations = tuple(one for one in fired if one is not None)
        return NeedsApproval(obligations=obligations, because=hard.because) if obligations else _broken()

    def may_vote(
        self, voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool
    ) -> Allow | Deny:
        """Whether this person's vote counts for an obligation of this group, as things are now."""
        return self._about_person(
            "approve",
            lambda: questions.about_vote(
                voter, requester=requester, group=group, tenant=tenant, allow_requester=allow_requester
            ),
        )

    def may_undo(self, voter: Actor, *, requester: str | None, groups: Collection[str], tenant: str) -> Allow | Deny:
        """Whether this person may press Undo on what people of these groups could approve."""
        return self._about_person(
            "undo", lambda: questions.about_undo(voter, requester=requester, groups=groups, tenant=tenant)
        )

    def _about_person(self, action: str, ask: Callable[[], Question]) -> Allow | Deny:
        try:
            return self._verdict(ask(), self._slices[action].hard)
        except Exception:  # as in decide
            return _broken()

    def _verdict(self, question: Question, rules: cedarpy.PolicySet) -> Allow | Deny:
        answer = self._ask(question, rules)
        # A forbid that errors is skipped by Cedar and the rest may say Allow, so an error is a refusal.
        if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
            return _broken()
        fired = tuple(sorted(answer.diagnostics.reasons))
        if answer.allowed:
            return Allow(because=fired)
        if not fired:
            return Deny(because=(DEFAULT_DENY,), hint="no rule permits this; ask whoever owns the policy rules")
        hints = (self._rules[name].hint for name in fired)
        return Deny(because=fired, hint=next((hint for hint in hints if hint), ""))

    def _ask(self, question: Question, rules: cedarpy.PolicySet) -> cedarpy.AuthzResult:
        # Built with the schema, because that also brings the groups an action is in.
        entities = cedarpy.Entities.from_json_str(question.entities, schema=self._schema)
        return cedarpy.is_authorized(dict(question.request), rules, entities, schema=self._schema)


def _broken() -> Deny:
    return Deny(because=(ENGINE_ERROR,), hint="the policy engine could not decide; ask whoever runs the bot")


def _slices(book: RuleBook, actions: Sequence[ActionSpec]) -> Mapping[str, _Slice]:
    """One slice per action; actions that the same rules concern share their handles."""
    names = {spec.name: schema.groups_of(spec.tier) | {spec.name} for spec in actions}
    names |= {"approve": frozenset({"approve"}), "undo": frozenset({"undo"})}
    shared: dict[tuple[str, ...], _Slice] = {}
    slices: dict[str, _Slice] = {}
    for action, called in names.items():
        rules = [rule for rule in book.rules if rule.concerns(called)]
        key = tuple(rule.id for rule in rules)
        if key not in shared:
            shared[key] = _Slice(
                hard=_policies(rule for rule in rules if rule.obligation is None),
                asks=_policies((rule for rule in rules if rule.obligation is not None), base=_ASK_BASE),
            )
        slices[action] = shared[key]
    return slices


def _policies(rules: Iterable[Rule], base: str = "") -> cedarpy.PolicySet:
    """A handle in which our @id is Cedar's policy id, so that its reasons are our rule names."""
    static: dict[str, object] = {rule.id: json.loads(rule.est) for rule in rules}
    if base:
        anything = {"op": "All"}
        static[base] = {
            "effect": "permit",
            "principal": anything,
            "action": anything,
            "resource": anything,
            "conditions": [],
        }
    text = json.dumps({"templates": {}, "staticPolicies": static, "templateLinks": []})
    return cedarpy.PolicySet.from_json_str(text, release_gil=True)
