"""Tools of a team's Python package, as the bot holds them: declared here, carried out in a process of their own."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from policy.types import Tier
from tools.contract import Impact, InverseCall, JsonObject, Tool, ToolContext, ToolFailed, Verified
from tools.manifest import ToolManifest
from tools.sources.cel_rules import Place
from tools.sources.confined import Files
from tools.sources.declared_run import rehearse
from tools.sources.errors import SourceError
from tools.sources.openapi_arguments import arguments_of
from tools.sources.openapi_document import Document, Operation
from tools.sources.package_process import LIMITS, CannotStart, Died, PackageProcess
from tools.sources.python_toolbox import worded

Shape = TypeVar("Shape")
SIDE_SECONDS = 5.0
"""for the parts that only compute: the call that takes it back, and what a result says"""
_NO_FILES = Files()
_impact: TypeAdapter[Impact] = TypeAdapter(Impact)
_inverse: TypeAdapter[InverseCall | None] = TypeAdapter(InverseCall | None)
_verified: TypeAdapter[Verified] = TypeAdapter(Verified)
_object: TypeAdapter[JsonObject] = TypeAdapter(JsonObject)


def load_python_source(
    name: str,
    closing: AsyncExitStack | ExitStack,
    *,
    environ: Mapping[str, str],
    host_network: bool = False,
    files: Files | None = _NO_FILES,
) -> list[Tool]:
    """The tools of one installed package. `environ` and, beside its code, `files` are all the package sees; its process
    ends with `closing`.

    Raises:
        SourceError: the package cannot be used, or this machine cannot keep it off network and files.
    """
    clean = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
    limits = replace(LIMITS, network=host_network, files=files)
    child = PackageProcess(package=name, environ={**clean, **environ}, limits=limits)
    closing.callback(child.close)
    try:
        said = child.start()
    except CannotStart as error:
        message = f"cannot be run in a process of its own: {error}{_fix(str(error))}"
        raise SourceError(f"entry point {name!r}", name, message) from None
    found = _object.validate_python(said)
    entries = [one for one in _list(found["tools"]) if isinstance(one, dict)]
    manifests = [ToolManifest.model_validate(one["manifest"]) for one in entries]
    if any(manifest.egress for manifest in manifests) and not host_network:
        child.allow_network()  # it was looked at without
    env = str(found["env"])
    return [
        _tool(entry, manifest, child, env, f"python:{found['name']}")
        for entry, manifest in zip(entries, manifests, strict=True)
    ]


def _fix(why: str) -> str:
    if "the kernel does not let us leave the network" in why:
        what = (
            "allow unprivileged user namespaces (sysctl user.max_user_namespaces; in a container its seccomp profile)"
        )
        return f"; {what}, or accept the network with AUTOPILOT_TOOL_NETWORK=host"
    if "the kernel cannot hide files from us" in why:
        return "; use a kernel with Landlock (Linux 5.13), or accept that they are seen with AUTOPILOT_TOOL_FILES=host"
    return ""


def _tool(entry: JsonObject, manifest: ToolManifest, child: PackageProcess, env: str, source: str) -> Tool:
    place = Place(file=source, place=manifest.name)
    schema = entry["schema"]
    assert isinstance(schema, dict)
    schema = {"properties": {}, **schema}
    document = Document(source, {"paths": {}, **schema})
    operation = Operation(id=manifest.name, method="POST", path="", parameters=(), body=schema, body_required=True)
    arguments = arguments_of(document, operation, hidden=frozenset(), bounds=manifest.bounds)
    words = worded(manifest, env, place)
    far = _Far(child=child, manifest=manifest)
    parts = _list(entry["parts"])
    tool = Tool(
        manifest=manifest,
        arguments=arguments.model,
        run=far.run,
        target=words.target,
        title=words.title,
        says=words.says,
        finding=far.finding,
        preview=far.preview if "preview" in parts else None,
        undo=far.undo if "undo" in parts else None,
        verify=far.verify if "verify" in parts else None,
        source=source,
    )
    rehearse(tool, place)
    return tool


@dataclass(frozen=True, kw_only=True)
class _Far:
    """One tool's parts, each a question to the child."""

    child: PackageProcess
    manifest: ToolManifest

    async def run(self, args: BaseModel, context: ToolContext) -> JsonObject:
        may_change = self.manifest.tier is not Tier.READ
        said = await self._ask("run", args, "result", may_change=may_change, context=asdict(context))
        return _object.validate_python(said)

    async def finding(self, args: BaseModel, result: JsonObject) -> str:
        async with asyncio.timeout(SIDE_SECONDS):
            return str(await self._ask("finding", args, "finding", result=result))

    async def preview(self, args: BaseModel, context: ToolContext) -> Impact:
        return self._read(_impact, await self._ask("preview", args, "impact", context=asdict(context)), "preview")

    async def undo(self, args: BaseModel, impact: Impact) -> InverseCall | None:
        async with asyncio.timeout(SIDE_SECONDS):
            said = await self._ask("undo", args, "inverse", impact=_impact.dump_python(impact, mode="json"))
        return self._read(_inverse, said, "undo")

    async def verify(self, args: BaseModel, impact: Impact | None, context: ToolContext) -> Verified:
        seen = _impact.dump_python(impact, mode="json") if impact is not None else None
        said = await self._ask("verify", args, "verified", context=asdict(context), impact=seen)
        return self._read(_verified, said, "verify")

    async def _ask(self, part: str, args: BaseModel, field: str, *, may_change: bool = False, **more: Any) -> JsonValue:
        """What the child answers.

        Raises:
            ToolFailed: `effect_possible` whenever a change was asked for and its end is not known.
        """
        name = self.manifest.name
        question = {"part": part, "tool": name, "arguments": args.model_dump(mode="json"), **more}
        try:
            said = await self.child.ask(question)
        except CannotStart as error:
            raise ToolFailed(f"{name} cannot run: {error}", effect_possible=False, reason="unreachable") from None
        except Died:
            unknown = "; whether it took is not known" if may_change else ""
            message = f"the process of {name} ended before it answered{unknown}"
            raise ToolFailed(message, effect_possible=may_change, reason="broken") from None
        if "failed" in said:
            possible = may_change and said.get("effect_possible") is not False
            raise ToolFailed(str(said["failed"]), effect_possible=possible, reason=str(said.get("reason")))
        if field not in said:
            broke = str(said.get("broke") or f"its {part} was cancelled")
            raise ToolFailed(f"{name} broke: {broke}"[:400], effect_possible=may_change, reason="broken")
        return said[field]

    def _read(self, wanted: "TypeAdapter[Shape]", said: JsonValue, part: str) -> Shape:
        try:
            return wanted.validate_json(json.dumps(said))
        except ValidationError:
            message = f"the {part} of {self.manifest.name} answered in another shape; correct it there"
            raise ToolFailed(message, effect_possible=False, reason="bad_response") from None


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
