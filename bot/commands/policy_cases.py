"""Every case of a rules folder on its own, so that one that fails does not hide the next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy import cases, loader
from policy.cedar import PolicyEngine
from policy.errors import PolicyError
from policy.rule import Rule
from policy.types import ActionSpec


@dataclass(frozen=True, kw_only=True)
class TriedCase:
    case: str
    problem: str
    """what came out instead; "" when it is as written"""


@dataclass(frozen=True, kw_only=True)
class Tried:
    cases: tuple[TriedCase, ...]
    never_fired: tuple[Rule, ...]
    """rules that no case that passed has made fire"""
    rules: int


def try_cases(folder: Path, actions: Sequence[ActionSpec], groups: Collection[str]) -> Tried:
    """Decide every case of the folder.

    Raises:
        PolicyError: the rules or the table of cases do not load.
    """
    book = loader.load(folder, actions, groups)
    specs = (*loader.REHEARSAL, *actions)
    engine = PolicyEngine(book, specs)
    known = {spec.name: spec for spec in specs}
    file = folder / "cases.yaml"
    tried: list[TriedCase] = []
    fired: set[str] = set()
    for case in cases.read(file):
        problem = ""
        try:
            fired |= cases.check(case, engine, known, file)
        except PolicyError as error:
            problem = str(error)
        tried.append(TriedCase(case=case.case, problem=problem))
    never = tuple(rule for rule in book.rules if rule.id not in fired)
    return Tried(cases=tuple(tried), never_fired=never, rules=len(book.rules))
