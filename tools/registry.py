"""Name → Tool. Refuses two tools of one name; tells policy and brains what there is."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from policy.types import ActionSpec, ParamType, Tier
from storage.canonical import canonical, digest
from tools.contract import Tool
from tools.errors import DuplicateTool, UnknownTool
from tools.people_only import check
from tools.tool_index import ToolIndex

_CEDAR_TYPES: dict[str, ParamType] = {"string": "String", "integer": "Long", "boolean": "Bool"}


class Registry:
    """All tools of this installation."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        self._versions: dict[str, str] = {}
        self._index: ToolIndex | None = None
        self._used_for: dict[str, str] = {}
        self._sorted: tuple[Tool, ...] | None = None
        for tool in tools:
            self.add(tool)

    def add(self, tool: Tool) -> None:
        check(tool.name, tool.source)
        if (first := self._tools.get(tool.name)) is not None:
            raise DuplicateTool(tool.name, first.source, tool.source)
        self._tools[tool.name] = tool
        self._index = self._sorted = None

    @property
    def index(self) -> ToolIndex:
        """Finds tools by words; made when it is first asked."""
        if self._index is None:
            self._index = ToolIndex(self, self._used_for)
        return self._index

    def learn_uses(self, used_for: Mapping[str, str]) -> None:
        """From now on tools are found by these words, too: tool → what skills that use it are for."""
        self._used_for, self._index = dict(used_for), None

    def get(self, name: str) -> Tool:
        """The tool of this name.

        Raises:
            UnknownTool: there is none.
        """
        try:
            return self._tools[name]
        except KeyError:
            raise UnknownTool(name, self._tools) from None

    def tier(self, name: str) -> Tier:
        """Whether a tool of that name changes anything; one that is not here any more may have."""
        tool = self._tools.get(name)
        return Tier.IRREVERSIBLE if tool is None else tool.manifest.tier

    def version(self, name: str) -> str:
        """Hash of manifest, argument schema and what runs: any change of what a tool declares is a new version."""
        if name not in self._versions:
            tool = self.get(name)
            declared = {"manifest": json.loads(tool.manifest.model_dump_json()), "schema": schema_of(tool)}
            if tool.declared:
                declared["runs"] = tool.declared
            self._versions[name] = digest(canonical(declared))
        return self._versions[name]

    def __iter__(self) -> Iterator[Tool]:
        if self._sorted is None:
            self._sorted = tuple(self._tools[name] for name in sorted(self._tools))
        return iter(self._sorted)

    def __len__(self) -> int:
        return len(self._tools)

    def actions(self) -> list[ActionSpec]:
        """What the policy schema is generated from."""
        return [
            ActionSpec(
                name=tool.name,
                tier=tool.manifest.tier,
                target_kind=tool.manifest.target.kind,
                params=param_types(tool),
                optional=frozenset(param_types(tool)) - frozenset(schema_of(tool).get("required", ())),
            )
            for tool in self
        ]


_schemas: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()


def schema_of(tool: Tool) -> dict[str, Any]:
    """JSON Schema of a tool's arguments: made once, because pydantic takes a millisecond; changed by nobody."""
    if (made := _schemas.get(tool.arguments)) is None:
        made = _schemas[tool.arguments] = tool.arguments.model_json_schema()
    return made


def param_types(tool: Tool) -> dict[str, ParamType]:
    """Parameters policy can look at: text, whole numbers, yes/no, lists of text. Others it cannot name."""
    out: dict[str, ParamType] = {}
    for name, prop in schema_of(tool).get("properties", {}).items():
        kinds = [prop] if "anyOf" not in prop else [p for p in prop["anyOf"] if p.get("type") != "null"]
        if len(kinds) != 1:
            continue
        kind = kinds[0]
        if kind.get("type") == "array" and kind.get("items", {}).get("type") == "string":
            out[name] = "Set<String>"
        elif kind.get("type") in _CEDAR_TYPES:
            out[name] = _CEDAR_TYPES[kind["type"]]
    return out
