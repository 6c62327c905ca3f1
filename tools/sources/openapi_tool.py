"""One entry of the manifest and one operation of the document → a Tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from policy.types import Target, Tier
from tools.contract import Tool, ToolFailed
from tools.sources.cel_rules import Place, text_of
from tools.sources.declared_run import DeclaredFinding, DeclaredRun, rehearse
from tools.sources.http_client import HttpService
from tools.sources.looks import Look, PreviewLook, UndoCall, VerifyLook
from tools.sources.openapi_arguments import Arguments, arguments_of
from tools.sources.openapi_call import BoundOperation, ShapedBody
from tools.sources.openapi_document import Document, Operation
from tools.sources.openapi_manifest import HttpTool, PreviewRule, UndoRule, VerifyRule
from tools.trusted_fields import unknown_in


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Builds the tools of one service."""

    service: HttpService
    document: Document
    env: str
    file: str

    def build(self, entry: HttpTool) -> Tool:
        """The tool, complete.

        Raises:
            SourceError: the manifest and the document do not fit together.
        """
        return _ToolBuilder(self, entry).build()


class _ToolBuilder:
    def __init__(self, shared: Builder, entry: HttpTool) -> None:
        self._shared, self._manifest, self._http = shared, entry.manifest, entry.http
        self._place = Place(file=shared.file, place=entry.manifest.name)
        self._operation = self._find(self._http.operation, "http.operation")
        dry_run = self._http.preview.dry_run if self._http.preview else None
        hidden = frozenset({*self._http.fixed, *([dry_run] if dry_run else [])})
        if self._http.arguments and self._http.body is None:
            raise self._place.at("http.arguments").error("is what `body:` is made from, and there is no `body:`")
        self._arguments = arguments_of(
            shared.document,
            self._operation,
            hidden=hidden,
            bounds=self._manifest.bounds,
            own=None if self._http.body is None else self._http.arguments,
        )
        self._bound = BoundOperation(
            service=shared.service,
            operation=self._operation,
            arguments=self._arguments,
            fixed=self._http.fixed,
            timeout=self._manifest.timeout_seconds,
            shape=self._shape(),
        )

    def _shape(self) -> ShapedBody | None:
        if self._http.body is None:
            return None
        expression = self._place.at("http.body").expression(self._http.body)
        return ShapedBody.of(self._shared.document, self._operation, expression)

    def build(self) -> Tool:
        self._check_tier()
        self._check_trusted_fields()
        http, env = self._http, self._shared.env
        title = self._place.at("title").expression(self._manifest.title)
        says = self._place.at("says").expression(self._manifest.says or self._manifest.title)
        target_id = self._place.at("target.id").expression(self._manifest.target.id)
        target_env = self._place.at("target.env").expression(self._manifest.target.env)
        arguments = self._arguments

        def scope(args: Any) -> dict[str, JsonValue]:
            return {"args": arguments.values(args), "env": env}

        tool = Tool(
            manifest=self._manifest,
            arguments=arguments.model,
            run=DeclaredRun(
                operation=self._bound,
                writes=self._manifest.tier is not Tier.READ,
                result=self._place.at("http.result").expression(http.result) if http.result else None,
            ),
            target=lambda args: Target(
                kind=self._manifest.target.kind,
                id=text_of(target_id, scope(args)),
                env=text_of(target_env, scope(args)),
            ),
            title=lambda args: text_of(title, scope(args)),
            says=lambda args: text_of(says, scope(args)),
            finding=DeclaredFinding(
                arguments=arguments,
                finding=self._place.at("http.finding").expression(http.finding) if http.finding else None,
            ),
            preview=self._preview(http.preview) if http.preview else None,
            undo=self._undo(http.undo) if http.undo else None,
            verify=self._verify(http.verify) if http.verify else None,
            declared=f"{self._operation.method} {self._operation.path} {http.model_dump_json()}",
            source=f"openapi:{self._shared.service.name}",
        )
        rehearse(tool, self._place)
        self._rehearse_body(tool)
        return tool

    def _rehearse_body(self, tool: Tool) -> None:
        """What the examples would send is what the document says the operation takes."""
        shape = self._bound.shape
        for index, example in enumerate(self._manifest.examples if shape is not None else ()):
            values = self._arguments.values(tool.arguments.model_validate(dict(example.input)))
            try:
                assert shape is not None
                shape.made(values, key="rehearsal")
            except ToolFailed as error:
                raise self._place.at(f"examples[{index}]").error(str(error)) from None

    def _find(self, id_: str, field: str) -> Operation:
        return self._shared.document.operation(id_, f"{self._manifest.name}: {field}", self._shared.file)

    def _check_tier(self) -> None:
        method, http = self._operation.method, self._http
        if self._manifest.tier is Tier.READ:
            if method != "GET" and not http.safe:
                raise self._place.at("tier").error(
                    f"is read, but {self._operation.id!r} is {method}; give the true tier, or `safe: true` under http"
                )
            return
        for field, given in (("says", self._manifest.says), ("verb", self._manifest.verb)):
            if not given:
                raise self._place.at(field).error("is missing; a tool that changes something needs it on its card")
        if http.undo is not None and http.preview is None:
            raise self._place.at("http.undo").error("needs `preview:`, which says what the state was before")

    def _check_trusted_fields(self) -> None:
        answer = self._operation.answer
        if answer is None or self._http.result is not None:
            return
        if answer.get("type") == "array":  # as BoundOperation.call hands it on
            answer = {"type": "object", "properties": {"items": answer}}
        for field in self._manifest.trusted_fields:
            place = self._place.at("trusted_fields")
            why = unknown_in(answer, field, lambda ref: self._shared.document.resolve(ref, self._operation.id))
            if why:
                raise place.error(f"names {field!r}, but in what {self._operation.id!r} answers {why}")

    def _look(self, id_: str, args: Mapping[str, str], field: str) -> Look:
        operation = self._find(id_, field)
        if operation.method != "GET":
            raise self._place.at(field).error(f"{id_!r} is {operation.method}; looking is done with GET")
        arguments = arguments_of(self._shared.document, operation, bounds={})
        self._known(args, arguments, field)
        bound = BoundOperation(
            service=self._shared.service,
            operation=operation,
            arguments=arguments,
            fixed={},
            timeout=self._manifest.timeout_seconds,
        )
        return Look(operation=bound, args=self._place.at(field).expressions(args))

    def _known(self, args: Mapping[str, str], arguments: Arguments, field: str) -> None:
        names = {placed.name for placed in arguments.placed}
        for name in args:
            if name not in names:
                raise self._place.at(field).error(f"gives {name!r}, which is no argument there; it has {sorted(names)}")

    def _preview(self, rule: PreviewRule) -> PreviewLook:
        if (rule.dry_run is None) == (rule.operation is None):
            raise self._place.at("http.preview").error("needs either `dry_run:` or `operation:`")
        if rule.dry_run is not None:
            if not self._operation.has_query(rule.dry_run):
                # A service that does not know the parameter would do the real thing.
                raise self._place.at("http.preview.dry_run").error(
                    f"{self._operation.id!r} has no query parameter {rule.dry_run!r}; the dry run would be a real run"
                )
            look = Look(operation=self._bound, query=((rule.dry_run, "true"),))
        else:
            look = self._look(str(rule.operation), rule.args, "http.preview")
        place = self._place.at("http.preview")
        return PreviewLook(
            arguments=self._arguments,
            look=look,
            before=place.at("before").expression(rule.before),
            changes=place.at("changes").expression(rule.changes),
            counted=place.at("counted").expression(rule.counted),
            grade=self._manifest.dry_run,
        )

    def _undo(self, rule: UndoRule) -> UndoCall:
        place = self._place.at("http.undo")
        return UndoCall(
            arguments=self._arguments,
            tool=rule.tool,
            args=place.expressions(rule.args),
            when=place.at("when").expression(rule.when),
        )

    def _verify(self, rule: VerifyRule) -> VerifyLook:
        place = self._place.at("http.verify")
        return VerifyLook(
            arguments=self._arguments,
            look=self._look(rule.operation, rule.args, "http.verify"),
            holds=place.at("holds").expression(rule.holds),
            says=place.at("says").expression(rule.says),
        )
