"""An OpenAPI document: its operations by id, its references resolved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tools.sources.errors import SourceError
from tools.sources.yaml_text import read_yaml

Schema = dict[str, Any]
"""a JSON Schema as the document gives it; it is turned into types in openapi_schema.py and goes no further"""
METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter outside the body."""

    name: str
    where: str
    """path | query | header | cookie"""
    required: bool
    schema: Schema
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation as the document describes it."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Schema | None
    answer: Schema | None = None
    """the schema of what it answers when it went well; None: the document does not say"""
    body_required: bool = False
    body_kind: str = "application/json"
    """media type the body is sent as; a PATCH may need another than plain JSON"""

    def has_query(self, name: str) -> bool:
        return any(parameter.where == "query" and parameter.name == name for parameter in self.parameters)


class Document:
    """One OpenAPI 3 document."""

    def __init__(self, file: str, raw: Mapping[str, Any]) -> None:
        self.file = file
        self._raw = raw
        self._operations = {operation.id: operation for operation in self._read()}

    @classmethod
    def parse(cls, file: str, text: str) -> "Document":
        """Read JSON or YAML.

        Raises:
            SourceError: it is neither, or no OpenAPI 3 document.
        """
        try:
            # The C-speed JSON parser first: large documents take seconds in YAML.
            raw = json.loads(text) if text.lstrip().startswith("{") else read_yaml(text)
        except (ValueError, yaml.YAMLError, RecursionError):
            raise SourceError(file, "file", "is neither JSON nor YAML; save the service's openapi.json here") from None
        if not isinstance(raw, dict) or not isinstance(raw.get("paths"), dict):
            raise SourceError(file, "top level", "is no OpenAPI document: there is no `paths`")
        if not str(raw.get("openapi", "")).startswith("3."):
            raise SourceError(
                file, "openapi", f"version is {raw.get('openapi')!r}; only OpenAPI 3 can be read, convert it"
            )
        return cls(file, raw)

    def operation(self, id_: str, place: str, manifest: str) -> Operation:
        """The operation a manifest names.

        Raises:
            SourceError: there is none.
        """
        if id_ not in self._operations:
            known = ", ".join(sorted(self._operations))
            raise SourceError(manifest, place, f"{self.file} has no operation {id_!r}; it has: {known}")
        return self._operations[id_]

    def resolve(self, ref: str, place: str) -> Any:
        """What a reference points to.

        Raises:
            SourceError: to nothing, or to another file.
        """
        if not ref.startswith("#/"):
            raise SourceError(self.file, place, f"refers to {ref!r} in another file; bundle the document into one file")
        node: Any = self._raw
        for part in ref[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or key not in node:
                raise SourceError(self.file, place, f"refers to {ref!r}, which is not there")
            node = node[key]
        return node

    def _read(self) -> list[Operation]:
        found = []
        for path, item in self._raw["paths"].items():
            for method in METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict) and "operationId" in item[method]:
                    found.append(self._operation(path, method, item))
        return found

    def _operation(self, path: str, method: str, item: Schema) -> Operation:
        raw, place = item[method], f"{method.upper()} {path}"
        # An operation's own parameter replaces the path's of the same name and place.
        parameters: dict[tuple[str, str], Parameter] = {}
        for given in (*item.get("parameters", ()), *raw.get("parameters", ())):
            parameter = self._parameter(self._follow(given, place), place)
            parameters[parameter.where, parameter.name] = parameter
        body = self._follow(raw["requestBody"], place) if "requestBody" in raw else {}
        content = body.get("content", {})
        kind = next((kind for kind in content if _is_json(kind)), None)
        return Operation(
            id=str(raw["operationId"]),
            method=method.upper(),
            path=path,
            parameters=tuple(parameters.values()),
            body=None if kind is None else content[kind].get("schema", {}),
            answer=self._answer(raw, place),
            body_required=bool(body.get("required", False)),
            body_kind="application/json" if kind in {None, "*/*"} else str(kind),
        )

    def _answer(self, raw: Schema, place: str) -> Schema | None:
        responses: Schema = raw.get("responses") or {}
        for code in ("200", "201", "2XX"):
            if code in responses:
                content = self._follow(responses[code], place).get("content", {})
                kind = next((kind for kind in content if _is_json(kind)), None)
                return None if kind is None else content[kind].get("schema")
        return None

    def _parameter(self, raw: Schema, place: str) -> Parameter:
        if "name" not in raw or raw.get("in") not in {"path", "query", "header", "cookie"}:
            raise SourceError(self.file, place, "has a parameter without a name or with an unknown `in`")
        return Parameter(
            name=str(raw["name"]),
            where=raw["in"],
            required=bool(raw.get("required", False)),
            schema=raw.get("schema", {}),
            description=str(raw.get("description", "")),
        )

    def _follow(self, node: Any, place: str) -> Schema:
        target = self.resolve(node["$ref"], place) if isinstance(node, dict) and "$ref" in node else node
        if not isinstance(target, dict):
            raise SourceError(self.file, place, "has a parameter or body that is not a mapping")
        return target


def _is_json(kind: str) -> bool:
    return kind.partition(";")[0].strip() in {"application/json", "*/*"} or kind.endswith("+json")
