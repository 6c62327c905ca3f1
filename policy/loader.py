"""Read a folder of rules into a RuleBook. Everything Cedar leaves unchecked is checked here."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

import cedarpy

from policy import schema, trial
from policy.errors import PolicyError
from policy.lexer import SourceRule, split
from policy.rule import Rule, build
from policy.text_file import read_text
from policy.types import ActionSpec, Tier

REHEARSAL: Final = tuple(ActionSpec(name=f"rehearsal.{tier}", tier=tier, target_kind="service") for tier in Tier)
"""one imaginary tool a tier, so that decision cases need no real tool; never decided for callers"""


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """All rules of a folder, checked, with the schema they were checked against."""

    rules: tuple[Rule, ...]
    schema: cedarpy.Schema
    version: str
    """16 hex digits over the rules' text, the base schema and the engine's version"""
    second_factor: bool = False
    """approvers have a way to prove one here"""


def load(
    rules_dir: Path,
    actions: Sequence[ActionSpec],
    groups: Collection[str],
    *,
    cache_dir: Path | None = None,
    second_factor: bool = False,
) -> RuleBook:
    """Every *.cedar file of a folder as one set. `second_factor`: approvers have a way to prove one here.

    Raises:
        PolicyError: anything that would make a decision other than what the files say.
    """
    specs = (*REHEARSAL, *actions)
    typed = _schema(specs)
    files = sorted(rules_dir.glob("*.cedar"))
    sources = [rule for file in files for rule in split(read_text(file), file)]
    if not sources:
        raise PolicyError("no rules", todo="put *.cedar files there", file=rules_dir)
    trial.survive(sources, cache_dir=cache_dir)
    names = schema.RESERVED | {spec.name for spec in specs}
    rules: dict[str, Rule] = {}
    for source in sources:
        rule = _rule(source, typed, groups=groups, tools=names, second_factor=second_factor)
        if (first := rules.get(rule.id)) is not None:
            raise PolicyError(
                f"@id is already used at {first.file}:{first.line}",
                todo="give each rule its own",
                file=source.file,
                line=source.line,
                rule=rule.id,
            )
        rules[rule.id] = rule
    return RuleBook(rules=tuple(rules.values()), schema=typed, version=_version(files), second_factor=second_factor)


def _schema(specs: Sequence[ActionSpec]) -> cedarpy.Schema:
    text = schema.generate(specs)
    try:
        return cedarpy.Schema.from_str(text, release_gil=True)
    except ValueError as broken:
        raise PolicyError(f"the schema does not parse: {broken}", todo="correct it", file=schema.BASE) from broken


def _rule(
    source: SourceRule,
    typed: cedarpy.Schema,
    *,
    groups: Collection[str],
    tools: Collection[str],
    second_factor: bool,
) -> Rule:
    def refuse(problem: str, todo: str, rule: str = "") -> PolicyError:
        return PolicyError(problem, todo=todo, file=source.file, line=source.line, rule=rule)

    try:
        parsed = cedarpy.policies_to_pst(source.text)
        (est,) = json.loads(cedarpy.policies_to_json_str(source.text))["staticPolicies"].values() or [None]
    except ValueError as broken:
        raise refuse(f"does not parse: {broken}", "correct the rule that starts on this line") from broken
    rule = build(source, parsed, json.dumps(est), groups=groups, tools=tools, second_factor=second_factor)
    verdict = cedarpy.validate_policies(source.text, typed, release_gil=True)
    if not verdict.validation_passed:
        # Cedar repeats an error for each action the rule covers; the first says enough.
        first, more = verdict.errors[0].error.replace("for policy `policy0`, ", ""), len(verdict.errors) - 1
        also = f" (and {more} like it)" if more else ""
        todo = "use only what base.cedarschema and the tool declare, and ask `has` before an optional attribute"
        raise refuse(f"does not fit the schema: {first}{also}", todo, rule.id)
    return rule


def _version(files: Sequence[Path]) -> str:
    digest = sha256(f"cedarpy {version('cedarpy')}\n".encode())
    for file in (schema.BASE, *files):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]
