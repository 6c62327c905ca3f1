"""Two folders of rules side by side: which rules differ, and which written cases are decided otherwise."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from policy import cases, loader
from policy.cases import CallCase, VoteCase
from policy.cedar import PolicyEngine
from policy.errors import PolicyError
from policy.loader import RuleBook
from policy.types import ActionSpec


def difference(before: Path, after: Path, actions: Sequence[ActionSpec], groups: Collection[str]) -> Iterator[str]:
    """One line for each rule and each case that differs; nothing when all is the same.

    Raises:
        PolicyError: one of the folders does not load.
    """
    old, new = loader.load(before, actions, groups), loader.load(after, actions, groups)
    yield from _rules(old, new)
    specs = (*loader.REHEARSAL, *actions)
    engines = PolicyEngine(old, specs), PolicyEngine(new, specs)
    known = {spec.name: spec for spec in specs}
    seen: list[CallCase | VoteCase] = []
    for folder in (before, after):
        for case in cases.read(folder / "cases.yaml"):
            if case in seen:
                continue
            seen.append(case)
            was, now = (cases.answer(case, engine, known, folder / "cases.yaml") for engine in engines)
            if was != now:
                yield f"! {case.case}: was {_said(*was)}, is {_said(*now)}"


def _rules(old: RuleBook, new: RuleBook) -> Iterator[str]:
    was, now = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    for name in sorted(was.keys() | now.keys()):
        if name not in was:
            yield f"+ {now[name].effect} {name} ({now[name].file}:{now[name].line})"
        elif name not in now:
            yield f"- {was[name].effect} {name} ({was[name].file}:{was[name].line})"
        elif (was[name].est, was[name].obligation, was[name].hint) != (
            now[name].est,
            now[name].obligation,
            now[name].hint,
        ):
            yield f"~ {now[name].effect} {name} ({now[name].file}:{now[name].line})"


def _said(answer: str, because: Collection[str]) -> str:
    return f"{answer} by {', '.join(sorted(because)) or 'no rule'}"


__all__ = ["PolicyError", "difference"]
