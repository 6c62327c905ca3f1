"""One loaded rule: what its annotations ask for, and which actions it can concern."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from cedarpy import pst

from policy.errors import PolicyError
from policy.lexer import SourceRule
from policy.types import Obligation, StepUp

ANNOTATIONS: Final = ("id", "approvals", "from", "expires", "self", "step_up", "hint")
STEP_UPS: Final = ("required", "if-set-up")
MAX_APPROVALS: Final = 20
MAX_EXPIRY: Final = 30 * 24 * 3600

_ID = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")
_SPAN = re.compile(r"([1-9]\d{0,4})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 24 * 3600}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that may be used: parsed, named, and checked against the known groups."""

    id: str
    file: Path
    line: int
    effect: str
    """permit | forbid"""
    actions: frozenset[str] | None
    """action and action-group names it is limited to; None means any"""
    obligation: Obligation | None
    """set when the rule asks people instead of refusing"""
    hint: str
    est: str
    """the rule in Cedar's JSON form"""

    def concerns(self, names: Collection[str]) -> bool:
        """Whether the rule can match an action that has any of these names."""
        return self.actions is None or not self.actions.isdisjoint(names)


def build(
    source: SourceRule,
    parsed: pst.PolicySet,
    est: str,
    *,
    groups: Collection[str],
    tools: Collection[str],
    second_factor: bool,
) -> Rule:
    """One rule out of its parsed form. `second_factor`: there is a way here to prove one.

    Raises:
        PolicyError: the annotations, groups or tools are not what they must be.
    """
    rule_id = _annotation(parsed, "id")

    def refuse(problem: str, todo: str) -> PolicyError:
        return PolicyError(problem, todo=todo, file=source.file, line=source.line, rule=rule_id)

    if parsed.templates or len(parsed.static_policies) != 1:
        raise refuse("is a template or holds no single rule", "write the principal and resource out, one rule each")
    (node,) = parsed.static_policies.values()
    notes = dict(node.annotations)
    if not _ID.fullmatch(rule_id):
        raise refuse("has no usable @id", 'begin the rule with @id("letters-digits-and-dashes")')
    for name in notes:
        if name not in ANNOTATIONS:
            raise refuse(f"unknown annotation @{name}", f"use one of {', '.join('@' + known for known in ANNOTATIONS)}")
    for uid in sorted(pst.entity_uids(node), key=str):
        kind = str(uid.type)
        if kind == "Group" and uid.id not in groups:
            raise refuse(f"unknown group {uid.id!r}", _known("groups", uid.id, groups))
        if kind == "Action" and uid.id not in tools:
            raise refuse(f"unknown tool or tier {uid.id!r}", _known("actions", uid.id, tools))
    actions = _scope(node.action)
    obligation = _obligation(node.effect, notes, rule_id, groups, refuse, second_factor=second_factor)
    if obligation and (actions is None or actions & {"approve", "undo"}):
        raise refuse("asks for approvals of any action, votes included", 'limit it, as in action in Action::"WRITE"')
    return Rule(
        id=rule_id,
        file=source.file,
        line=source.line,
        effect=node.effect,
        actions=actions,
        obligation=obligation,
        hint=notes.get("hint", ""),
        est=est,
    )


def _annotation(parsed: pst.PolicySet, name: str) -> str:
    nodes = (*parsed.static_policies.values(), *parsed.templates.values())
    return next((dict(node.annotations).get(name, "") for node in nodes), "")


def _scope(action: pst.ActionConstraint) -> frozenset[str] | None:
    match action:
        case pst.ActionEq(entity=entity):
            return frozenset({entity.id})
        case pst.ActionIn(entities=entities):
            return frozenset(entity.id for entity in entities)
        case _:
            return None


def _obligation(
    effect: str,
    notes: Mapping[str, str],
    rule_id: str,
    groups: Collection[str],
    refuse: Callable[[str, str], PolicyError],
    *,
    second_factor: bool,
) -> Obligation | None:
    if not notes.keys() & {"approvals", "from", "expires", "self", "step_up"}:
        return None
    if effect != "forbid":
        raise refuse("asks for approvals but is a permit", "make it a forbid: forbidden until approved")
    if "approvals" not in notes or "from" not in notes:
        raise refuse("has only one of @approvals and @from", 'write both, as in @approvals("1") @from("operators")')
    count, group = notes["approvals"], notes["from"]
    if not re.fullmatch(r"[1-9]\d?", count) or int(count) > MAX_APPROVALS:
        raise refuse(f"@approvals({count!r}) is not a count", f"use a number from 1 to {MAX_APPROVALS}")
    if group not in groups:
        raise refuse(f"unknown group {group!r}", _known("groups", group, groups))
    if notes.get("self", "allowed") != "allowed":
        raise refuse(f"@self({notes['self']!r}) is not known", 'write @self("allowed") or leave it out')
    if notes.get("step_up", "required") not in STEP_UPS:
        raise refuse(f"@step_up({notes['step_up']!r}) is not known", f"use one of {', '.join(STEP_UPS)}")
    seconds = Obligation.expires_in
    if "expires" in notes:
        span = _SPAN.fullmatch(notes["expires"])
        seconds = int(span[1]) * _SECONDS[span[2]] if span else 0
        if not 0 < seconds <= MAX_EXPIRY:
            raise refuse(f"@expires({notes['expires']!r}) is not a span of time", "use 30m, 4h or 2d, at most 30d")
    step_up = StepUp.NO
    if "step_up" in notes:
        step_up = StepUp.REQUIRED if second_factor or notes["step_up"] == "required" else StepUp.NOT_SET_UP
    return Obligation(
        rule=rule_id,
        count=int(count),
        group=group,
        allow_requester="self" in notes,
        expires_in=seconds,
        step_up=step_up,
    )


def _known(what: str, wrong: str, known: Collection[str]) -> str:
    near = get_close_matches(wrong, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known {what}: {', '.join(sorted(known)) or 'none'}"
