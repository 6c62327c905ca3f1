"""One declared operation, of whatever source, with its texts and its looks → a Tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import JsonValue

from policy.types import Target, Tier
from tools.contract import Tool
from tools.manifest import ToolManifest
from tools.sources.cel_rules import Place, text_of
from tools.sources.declared_rules import LookRule, UndoRule, VerifyRule
from tools.sources.declared_run import DeclaredFinding, DeclaredRun, rehearse
from tools.sources.looks import Look, Operation, PreviewLook, UndoCall, VerifyLook


class Rules(Protocol):
    """What a manifest's own block says besides the operation."""

    @property
    def result(self) -> str | None: ...
    @property
    def finding(self) -> str | None: ...
    @property
    def preview(self) -> LookRule | None: ...
    @property
    def undo(self) -> UndoRule | None: ...
    @property
    def verify(self) -> VerifyRule | None: ...
    def model_dump_json(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One entry of a manifest, with the operation it is."""

    manifest: ToolManifest
    operation: Operation
    rules: Rules


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """Builds the tools of one file."""

    file: str
    env: str
    source: str

    def tools(self, declared: list[Declared]) -> list[Tool]:
        """The tools, complete.

        Raises:
            SourceError: the entries do not fit together.
        """
        by_name: dict[str, Declared] = {}
        for one in declared:
            if one.manifest.name in by_name:
                raise Place(file=self.file, place=one.manifest.name).error("is declared twice; rename one")
            by_name[one.manifest.name] = one
        return [_One(self, one, by_name).tool() for one in declared]


class _One:
    def __init__(self, shared: Assembly, declared: Declared, all_: Mapping[str, Declared]) -> None:
        self._shared, self._manifest, self._rules = shared, declared.manifest, declared.rules
        self._operation, self._all = declared.operation, all_
        self._place = Place(file=shared.file, place=declared.manifest.name)

    def tool(self) -> Tool:
        self._check()
        manifest, rules, place, env = self._manifest, self._rules, self._place, self._shared.env
        arguments = self._operation.arguments
        title = place.at("title").expression(manifest.title)
        says = place.at("says").expression(manifest.says or manifest.title)
        target_id = place.at("target.id").expression(manifest.target.id)
        target_env = place.at("target.env").expression(manifest.target.env)
        finding = place.at("finding").expression(rules.finding) if rules.finding else None

        def scope(args: Any) -> dict[str, JsonValue]:
            return {"args": arguments.values(args), "env": env}

        tool = Tool(
            manifest=manifest,
            arguments=arguments.model,
            run=DeclaredRun(
                operation=self._operation,
                writes=manifest.tier is not Tier.READ,
                result=place.at("result").expression(rules.result) if rules.result else None,
            ),
            target=lambda args: Target(
                kind=manifest.target.kind, id=text_of(target_id, scope(args)), env=text_of(target_env, scope(args))
            ),
            title=lambda args: text_of(title, scope(args)),
            says=lambda args: text_of(says, scope(args)),
            finding=DeclaredFinding(arguments=arguments, finding=finding),
            preview=self._preview(rules.preview) if rules.preview else None,
            undo=self._undo(rules.undo) if rules.undo else None,
            verify=self._verify(rules.verify) if rules.verify else None,
            declared=rules.model_dump_json(),
            source=self._shared.source,
        )
        rehearse(tool, place)
        return tool

    def _check(self) -> None:
        manifest, rules = self._manifest, self._rules
        writes = manifest.tier is not Tier.READ
        for field, given in (("says", manifest.says), ("verb", manifest.verb)):
            if writes and not given:
                raise self._place.at(field).error("is missing; a tool that changes something needs it on its card")
        if not writes and (rules.preview or rules.undo or rules.verify):
            raise self._place.error("is a read; only what changes something has preview, undo and verify")
        if rules.undo is not None and rules.preview is None:
            raise self._place.at("undo").error("needs `preview:`, which says what the state was before")
        for name in manifest.bounds:
            known = self._operation.arguments.model.model_fields
            if name not in known:
                raise self._place.at("bounds").error(f"{name!r} is no argument; it has {sorted(known)}")

    def _look(self, name: str, args: Mapping[str, str], field: str) -> Look:
        other = self._all.get(name)
        if other is None or other.manifest.tier is not Tier.READ:
            raise self._place.at(field).error(f"{name!r} is no read tool of this file; looking is done with one")
        self._known(other, args, field)
        return Look(operation=other.operation, args=self._place.at(field).expressions(args))

    def _known(self, other: Declared, args: Mapping[str, str], field: str) -> None:
        known = other.operation.arguments.model.model_json_schema().get("properties", {})
        for name in args:
            if name not in known:
                raise self._place.at(field).error(f"gives {name!r}, which is no argument there; it has {sorted(known)}")

    def _preview(self, rule: LookRule) -> PreviewLook:
        place = self._place.at("preview")
        return PreviewLook(
            arguments=self._operation.arguments,
            look=self._look(rule.tool, rule.args, "preview"),
            before=place.at("before").expression(rule.before),
            changes=place.at("changes").expression(rule.changes),
            counted=place.at("counted").expression(rule.counted),
            grade=self._manifest.dry_run,
        )

    def _undo(self, rule: UndoRule) -> UndoCall:
        other = self._all.get(rule.tool)
        if other is None or other.manifest.tier is Tier.READ:
            raise self._place.at("undo").error(f"{rule.tool!r} is no tool of this file that changes something")
        self._known(other, rule.args, "undo")
        place = self._place.at("undo")
        return UndoCall(
            arguments=self._operation.arguments,
            tool=rule.tool,
            args=place.expressions(rule.args),
            when=place.at("when").expression(rule.when),
        )

    def _verify(self, rule: VerifyRule) -> VerifyLook:
        place = self._place.at("verify")
        return VerifyLook(
            arguments=self._operation.arguments,
            look=self._look(rule.tool, rule.args, "verify"),
            holds=place.at("holds").expression(rule.holds),
            says=place.at("says").expression(rule.says),
        )
