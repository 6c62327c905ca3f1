"""One flat, typed argument model for an operation: path, query and body merged, the manifest's bounds on top."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, JsonValue

from tools.contract import JsonObject
from tools.manifest import Bound
from tools.sources.errors import SourceError
from tools.sources.openapi_document import Document, Operation
from tools.sources.openapi_schema import SchemaReader, model_of

Where = Literal["path", "query", "body", "whole_body", "own"]
OURS = {"idempotency-key", "authorization", "accept", "content-type"}
"""headers the client sends by itself"""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where one argument goes, and whether null is a value there."""

    name: str
    where: Where
    nullable: bool = False


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The model of an operation's arguments, and how to take them apart again."""

    model: type[BaseModel]
    placed: tuple[Placed, ...]

    def values(self, args: BaseModel) -> JsonObject:
        """All arguments as JSON; an optional one that was not given is null."""
        dumped: JsonObject = args.model_dump(mode="json", by_alias=True)
        return dumped

    def part(self, where: Where, values: Mapping[str, JsonValue]) -> JsonObject:
        """The values that go to one place. An absent optional value is not sent."""
        return {
            at.name: values[at.name]
            for at in self.placed
            if at.where == where and at.name in values and (values[at.name] is not None or at.nullable)
        }


def arguments_of(
    document: Document,
    operation: Operation,
    *,
    hidden: frozenset[str] = frozenset(),
    bounds: Mapping[str, Bound],
    own: Mapping[str, JsonValue] | None = None,
) -> Arguments:
    """The model for one tool. `hidden` parameters are sent by us and are no arguments; `own` replace the body's.

    Raises:
        SourceError: two places use one name, a bound names no argument, or a schema cannot be checked.
    """
    reader = SchemaReader(document, operation.id)
    fields: dict[str, Any] = {}
    placed: list[Placed] = []

    def add(name: str, where: Where, schema: Any, *, required: bool, about: str = "") -> None:
        if name in fields:
            raise SourceError(
                document.file, f"operation {operation.id}", f"uses the name {name!r} in two places; rename one"
            )
        described, default = reader.field(name, schema, name, required=required, about=about)
        fields[name] = (bounded(described, name, bounds.get(name), where), default)
        placed.append(Placed(name=name, where=where, nullable=reader.is_nullable(schema, name)))

    for parameter in operation.parameters:
        if parameter.name in hidden:
            continue
        match parameter.where:
            case "path" | "query" as where:
                required = parameter.required or where == "path"
                add(parameter.name, where, parameter.schema, required=required, about=parameter.description)
            case _ if parameter.required and parameter.name.lower() not in OURS:
                raise SourceError(
                    document.file,
                    f"operation {operation.id}",
                    f"needs the {parameter.where} {parameter.name!r}; give it in the manifest under `fixed:`",
                )
    if own is None:
        _add_body(document, operation, reader, hidden, add)
    for name, schema in (own or {}).items():
        optional = isinstance(schema, dict) and schema.get("optional") is True
        plain = {k: v for k, v in schema.items() if k != "optional"} if isinstance(schema, dict) else schema
        add(name, "own", plain, required=not optional)
    for name in bounds:
        if name not in fields:
            raise SourceError(
                document.file,
                f"operation {operation.id}",
                f"has no argument {name!r} to bound; it has {sorted(fields)}",
            )
    return Arguments(model=model_of(operation.id, fields), placed=tuple(placed))


def _add_body(
    document: Document,
    operation: Operation,
    reader: SchemaReader,
    hidden: frozenset[str],
    add: Callable[..., None],
) -> None:
    if operation.body is None:
        return
    taken_apart = reader.properties_of(operation.body, "body")
    if taken_apart is None:
        add("body", "whole_body", operation.body, required=operation.body_required)
        return
    properties, required = taken_apart
    for name, schema in properties.items():
        if name not in hidden and not (isinstance(schema, dict) and schema.get("readOnly")):
            add(name, "body", schema, required=name in required)


def bounded(described: Any, name: str, bound: Bound | None, where: Where) -> Any:
    """The type with what the manifest allows; the error at the field says whose rule it is."""
    if where == "path":
        described = Annotated[described, AfterValidator(_one_segment)]
    if bound is None:
        return described
    extra: JsonObject = {}
    if bound.min is not None:
        extra["minimum"] = bound.min
    if bound.max is not None:
        extra["maximum"] = bound.max
    if bound.one_of is not None:
        extra["enum"] = list(bound.one_of)
    if bound.max_length is not None:
        extra["maxLength"] = bound.max_length

    def within(value: Any) -> Any:
        for item in value if isinstance(value, list) else [value]:
            _check(item, name, bound)
        return value

    return Annotated[described, AfterValidator(within), Field(json_schema_extra=lambda s: s.update(extra))]


def _check(value: Any, name: str, bound: Bound) -> None:
    if value is None:
        return
    if bound.one_of is not None and not any(type(value) is type(one) and value == one for one in bound.one_of):
        allowed = ", ".join(repr(one) for one in bound.one_of)
        raise ValueError(f"{value!r} is not among what this tool may use for {name!r}: {allowed}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if bound.min is not None and value < bound.min:
            raise ValueError(f"{value!r} is below {bound.min:g}, the least this tool may use for {name!r}")
        if bound.max is not None and value > bound.max:
            raise ValueError(f"{value!r} is above {bound.max:g}, the most this tool may use for {name!r}")
    if isinstance(value, str) and bound.max_length is not None and len(value) > bound.max_length:
        raise ValueError(f"is longer than {bound.max_length} characters, the most this tool may use for {name!r}")


def _one_segment(value: Any) -> Any:
    """A path argument stays one segment of the path: it can never lead to another operation."""
    text = str(value)
    if text in {"", ".", ".."} or any(mark in text for mark in "/\\%?#") or not text.isprintable():
        raise ValueError(f"{text!r} cannot be part of a path; it must be a plain name without / \\ % ? #")
    return value
