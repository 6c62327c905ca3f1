"""Tools written in Python: a team's package makes one Toolbox. The whole of it: docs/write-a-tool-in-python.md."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from policy.types import Target, Tier
from tools.contract import Impact, InverseCall, JsonObject, Tool, ToolContext, ToolFailed, Verified
from tools.manifest import ToolManifest
from tools.sources.cel_rules import Place, text_of
from tools.sources.declared_run import rehearse
from tools.sources.errors import SourceError
from tools.sources.python_function import Typed
from tools.trusted_fields import unknown_in

Function = TypeVar("Function", bound=Callable[..., Any])
Part = TypeVar("Part", bound=Callable[..., Any])


class PythonTool(Generic[Function]):
    """One function as a tool. Calling it calls the function, as if it were not decorated."""

    def __init__(self, function: Function, manifest: ToolManifest, box: "Toolbox") -> None:
        self._function, self._manifest, self._box = function, manifest, box
        self._parts: dict[str, Typed] = {}
        self._typed = Typed.of(function)
        self._model = self._typed.model()
        self._answer = self._typed.answer()
        if not inspect.iscoroutinefunction(function):
            raise SourceError(*self._typed.place, "must be 'async def'; wrap blocking calls in asyncio.to_thread")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def preview(self, function: Part) -> Part:
        """What the change would do: an async function that returns an Impact and changes nothing."""
        return self._part("preview", function)

    def undo(self, function: Part) -> Part:
        """The call that takes it back, from `before`; None when there is nothing to take back."""
        return self._part("undo", function)

    def verify(self, function: Part) -> Part:
        """Whether it took: an async function that returns a Verified."""
        return self._part("verify", function)

    def finding(self, function: Part) -> Part:
        """What a result says, in one line; its one parameter is the function's own answer."""
        self._finding_of = function
        return function

    def _part(self, name: str, function: Part) -> Part:
        typed = Typed.of(function)
        typed.check_names(self._model)
        if inspect.iscoroutinefunction(function) == (name == "undo"):
            says = "'def': it only writes a call down" if name == "undo" else "'async def'"
            raise SourceError(*typed.place, f"the {name} of a tool must be {says}")
        self._parts[name] = typed
        return function

    def tool(self) -> Tool:
        """The tool, checked.

        Raises:
            SourceError: its parts do not fit together.
        """
        manifest, parts = self._manifest, self._parts
        place = Place(file=self._typed.place[0], place=manifest.name)
        writes = manifest.tier is not Tier.READ
        for field, given in (("says", manifest.says), ("verb", manifest.verb)):
            if writes and not given:
                raise place.at(field).error("is missing; a tool that changes something needs it on its card")
        if not writes and parts:
            raise place.error(f"is a read and has {', '.join(parts)}; only what changes something can be taken back")
        if "undo" in parts and "preview" not in parts:
            raise place.error("has an undo without a preview, which says what the state was before")
        for name in manifest.bounds:
            if name not in self._model.model_fields:
                raise place.at("bounds").error(f"{name!r} is no argument; it has {sorted(self._model.model_fields)}")
        self._check_trusted_fields(place)
        words = worded(manifest, self._box.env, place)
        tool = Tool(
            manifest=manifest,
            arguments=self._model,
            run=self._run,
            target=words.target,
            title=words.title,
            says=words.says,
            finding=self._finding,
            preview=self._preview if "preview" in parts else None,
            undo=self._undo if "undo" in parts else None,
            verify=self._verify if "verify" in parts else None,
            source=f"python:{self._box.name}",
        )
        rehearse(tool, place)
        return tool

    def _check_trusted_fields(self, place: Place) -> None:
        if not self._manifest.trusted_fields:
            return
        answer = self._answer.json_schema(mode="serialization")
        defined = {f"#/$defs/{name}": one for name, one in answer.get("$defs", {}).items()}
        if not _is_object(self._answer):  # as `_run` hands it on
            answer = {"type": "object", "properties": {"value": answer}}
        for field in self._manifest.trusted_fields:
            if why := unknown_in(answer, field, defined.get):
                raise place.at("trusted_fields").error(f"names {field!r}, but in the answer {why}")

    _finding_of: Callable[[Any], str] | None = None

    async def _run(self, args: BaseModel, context: ToolContext) -> JsonObject:
        answer = self._answer.dump_python(await self._typed.call(args, context=context), mode="json")
        return answer if isinstance(answer, dict) else {"value": answer}

    def _finding(self, _args: BaseModel, result: JsonObject) -> str:
        if self._finding_of is None:
            return ""
        bare = set(result) == {"value"} and not _is_object(self._answer)
        return self._finding_of(self._answer.validate_python(result["value"] if bare else result))

    async def _preview(self, args: BaseModel, context: ToolContext) -> Impact:
        seen = await self._parts["preview"].call(args, context=context)
        return _a(Impact, seen, self._manifest.name, "preview")

    def _undo(self, args: BaseModel, impact: Impact) -> InverseCall | None:
        inverse = self._parts["undo"].call(args, impact=impact)
        if isinstance(inverse, Mapping):  # the same tool with other values
            inverse = InverseCall(tool=self._manifest.name, arguments=dict(inverse))
        return None if inverse is None else _a(InverseCall, inverse, self._manifest.name, "undo")

    async def _verify(self, args: BaseModel, impact: Impact | None, context: ToolContext) -> Verified:
        seen = await self._parts["verify"].call(args, context=context, impact=impact)
        return _a(Verified, seen, self._manifest.name, "verify")


class Toolbox:
    """The tools of one team's package."""

    def __init__(self, name: str, *, owner: str, env: str = "prod", egress: tuple[str, ...] = ()) -> None:
        self.name, self.env = name, env
        self._owner, self._egress = owner, egress
        self._tools: list[PythonTool[Any]] = []

    def read(self, **declared: object) -> Callable[[Function], PythonTool[Function]]:
        """Decorate a function that only looks. Keywords are the fields of a manifest (tools/manifest.py)."""
        return lambda function: self._add(function, {**declared, "tier": Tier.READ})

    def write(self, **declared: object) -> Callable[[Function], PythonTool[Function]]:
        """Decorate a function that changes something; without a `tier` it counts as irreversible."""
        if declared.get("tier") is Tier.READ or declared.get("tier") == Tier.READ.value:
            raise SourceError(f"toolbox {self.name}", "tier", "a write cannot be 'read'; use .read")
        return lambda function: self._add(function, declared)

    def tools(self) -> list[Tool]:
        """All tools, checked.

        Raises:
            SourceError: one of them cannot be used.
        """
        return [one.tool() for one in self._tools]

    def _add(self, function: Function, declared: Mapping[str, object]) -> PythonTool[Function]:
        typed = Typed.of(function)
        own = {
            "name": f"{self.name}.{function.__name__}",
            "owner": self._owner,
            "egress": self._egress,
            "summary": " ".join((inspect.getdoc(function) or "").split()),
        }
        try:
            manifest = ToolManifest.model_validate({**own, **declared})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise SourceError(*typed.place, f"{field}: {first['msg'].lower()}; see tools/manifest.py") from None
        if not manifest.summary:
            raise SourceError(*typed.place, "has no docstring; say what it does and when to use it")
        made = PythonTool(function, manifest, self)
        self._tools.append(made)
        return made


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a manifest's expressions say of one call."""

    target: Callable[[BaseModel], Target]
    title: Callable[[BaseModel], str]
    says: Callable[[BaseModel], str]


def worded(manifest: ToolManifest, env: str, place: Place) -> Words:
    """The lines for people, and the target, of calls of a tool in Python.

    Raises:
        SourceError: an expression is none.
    """
    title = place.at("title").expression(manifest.title)
    says = place.at("says").expression(manifest.says or manifest.title)
    target_id = place.at("target.id").expression(manifest.target.id)
    target_env = place.at("target.env").expression(manifest.target.env)

    def scope(args: BaseModel) -> dict[str, JsonValue]:
        return {"args": args.model_dump(mode="json"), "env": env}

    return Words(
        target=lambda args: Target(
            kind=manifest.target.kind, id=text_of(target_id, scope(args)), env=text_of(target_env, scope(args))
        ),
        title=lambda args: text_of(title, scope(args)),
        says=lambda args: text_of(says, scope(args)),
    )


Wanted = TypeVar("Wanted")


def _a(wanted: type[Wanted], got: object, tool: str, part: str) -> Wanted:
    if not isinstance(got, wanted):
        message = f"the {part} of {tool} gave {type(got).__name__}, not {wanted.__name__}; correct it there"
        raise ToolFailed(message, effect_possible=False, reason="bad_response")
    return got


def _is_object(answer: "TypeAdapter[Any]") -> bool:
    return answer.json_schema(mode="serialization").get("type") == "object" or "$ref" in answer.json_schema()
