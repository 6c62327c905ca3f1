"""JSON Schema as OpenAPI writes it → types that pydantic checks. What cannot be said exactly is refused."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, Strict, TypeAdapter, create_model
from pydantic_core import SchemaError

from tools.sources.errors import SourceError
from tools.sources.openapi_document import Document, Schema

UNSUPPORTED = ("not", "if", "then", "else", "patternProperties", "dependentSchemas", "prefixItems", "discriminator")
Ranges = dict[str, Any]


class ArgumentsModel(BaseModel):
    """Base of every model made from a document: nothing extra, and names as the service writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True, protected_namespaces=())


class SchemaReader:
    """Reads the schemas of one operation, so that an error can name it."""

    def __init__(self, document: Document, operation: str) -> None:
        self._document = document
        self._operation = operation

    def type_of(self, schema: Any, place: str, refs: tuple[str, ...] = ()) -> Any:
        """The type of a schema.

        Raises:
            SourceError: it contains itself, has alternatives, or uses words we cannot check.
        """
        if schema is True or schema == {}:
            return JsonValue
        if not isinstance(schema, dict):
            raise self._error(place, "is not a schema")
        if "$ref" in schema:
            return self._referred(schema, place, refs)
        for word in UNSUPPORTED:
            if word in schema:
                raise self._error(place, f"uses {word!r}, which cannot be checked; simplify the schema")
        if "allOf" in schema:
            return self.type_of(self._merged(schema, place, refs), place, refs)
        if "anyOf" in schema or "oneOf" in schema:
            return self._alternatives(schema, place, refs)
        return self._plain(schema, place, refs)

    def is_nullable(self, schema: Any, place: str) -> bool:
        """Whether null is a value of its own here."""
        if not isinstance(schema, dict):
            return False
        if "$ref" in schema:
            return self.is_nullable(self._document.resolve(schema["$ref"], place), place)
        kinds = schema.get("type")
        branches = schema.get("anyOf") or schema.get("oneOf") or ()
        return bool(
            schema.get("nullable") is True
            or (isinstance(kinds, list) and "null" in kinds)
            or None in schema.get("enum", ())
            or any(branch == {"type": "null"} for branch in branches)
        )

    def properties_of(self, schema: Any, place: str) -> tuple[dict[str, Any], set[str]] | None:
        """Properties and required names of an object schema, or None for anything else."""
        seen: tuple[str, ...] = ()
        while isinstance(schema, dict) and "$ref" in schema:
            seen = self._entered(schema["$ref"], place, seen)
            schema = self._document.resolve(schema["$ref"], place)
        if isinstance(schema, dict) and "allOf" in schema:
            schema = self._merged(schema, place, seen)
        if not isinstance(schema, dict) or "properties" not in schema:
            return None
        # Only objects with named properties can be taken apart; these words would say more than the parts.
        if {"anyOf", "oneOf"} & set(schema):
            self._alternatives(schema, place, seen)
        return dict(schema["properties"]), set(schema.get("required", ()))

    def _entered(self, ref: str, place: str, refs: tuple[str, ...]) -> tuple[str, ...]:
        if ref in refs:
            path = " → ".join(name.rpartition("/")[2] for name in (*refs[refs.index(ref) :], ref))
            raise self._error(place, f"contains itself ({path}); give the operation a body of fixed depth")
        return (*refs, ref)

    def _referred(self, schema: Schema, place: str, refs: tuple[str, ...]) -> Any:
        entered = self._entered(schema["$ref"], place, refs)
        target = self._document.resolve(schema["$ref"], place)
        described = self.type_of(target, place, entered)
        return described | None if schema.get("nullable") is True else described

    def _merged(self, schema: Schema, place: str, refs: tuple[str, ...]) -> Schema:
        """One schema that says what all parts of an allOf say."""
        merged: Schema = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            entered = refs
            while isinstance(part, dict) and "$ref" in part:
                entered = self._entered(part["$ref"], place, entered)
                part = self._document.resolve(part["$ref"], place)  # noqa: PLW2901 - following a chain of references
            if not isinstance(part, dict):
                raise self._error(place, "has an allOf with something that is not a schema")
            flat = self._merged(part, place, entered) if "allOf" in part else part
            for key, value in flat.items():
                if key == "properties":
                    merged["properties"] = {**merged.get("properties", {}), **value}
                elif key == "required":
                    merged["required"] = [*merged.get("required", ()), *value]
                elif key not in merged or key in {"description", "title", "example", "examples"}:
                    merged.setdefault(key, value)
                elif merged[key] != value:
                    raise self._error(place, f"has an allOf whose parts disagree about {key!r}; write it out")
        return merged

    def _alternatives(self, schema: Schema, place: str, refs: tuple[str, ...]) -> Any:
        """X or null is fine; anything else leaves open what is meant."""
        word = "anyOf" if "anyOf" in schema else "oneOf"
        others = [branch for branch in schema[word] if branch != {"type": "null"}]
        if len(others) != 1 or len(schema[word]) == len(others):
            raise self._error(
                place, f"uses {word} with {len(others)} alternatives; make one operation or schema for each"
            )
        return self.type_of(others[0], place, refs) | None

    def _plain(self, schema: Schema, place: str, refs: tuple[str, ...]) -> Any:
        kinds = schema.get("type")
        named = [kind for kind in kinds if kind != "null"] if isinstance(kinds, list) else [kinds]
        nullable = self.is_nullable(schema, place)
        if len(named) != 1:
            raise self._error(place, f"may be any of {named}; write one type")
        if "const" in schema or "enum" in schema:
            values = tuple(v for v in schema.get("enum", [schema.get("const")]) if v is not None)
            if not values or not all(isinstance(value, str | int | bool) for value in values):
                raise self._error(place, "has an enum that is empty or not of text, whole numbers or booleans")
            described: Any = Literal[values]
        else:
            described = self._by_kind(named[0], schema, place, refs)
        return described | None if nullable else described

    def _by_kind(self, kind: str | None, schema: Schema, place: str, refs: tuple[str, ...]) -> Any:
        match kind:
            case "string":
                ranges = _ranges(schema, min_length="minLength", max_length="maxLength", pattern="pattern")
                self._check_pattern(ranges.get("pattern"), place)
                return Annotated[str, Strict(), Field(**ranges)]
            case "integer":
                return Annotated[int, Strict(), Field(**_numeric(schema))]
            case "number":
                # Strict still takes 3 for 3.0, as JSON does.
                return Annotated[float, Strict(), Field(allow_inf_nan=False, **_numeric(schema))]
            case "boolean":
                return Annotated[bool, Strict()]
            case "array":
                ranges = _ranges(schema, min_length="minItems", max_length="maxItems")
                return Annotated[_list_of(self.type_of(schema.get("items", True), f"{place}[]", refs)), Field(**ranges)]
            case "object" | None if "properties" in schema:
                return self._object(schema, place, refs)
            case "object":
                return _map_of(self.type_of(schema.get("additionalProperties", True), f"{place}.*", refs))
            case _:
                raise self._error(
                    place, f"has the type {kind!r}; write string, integer, number, boolean, array or object"
                )

    def _check_pattern(self, pattern: Any, place: str) -> None:
        """Patterns run in linear time, so that no argument can stall the process; look-around is not among them."""
        try:
            TypeAdapter(Annotated[str, Field(pattern=pattern)])
        except SchemaError:
            raise self._error(place, f"has the pattern {pattern!r}, which needs look-around; simplify it") from None

    def _object(self, schema: Schema, place: str, refs: tuple[str, ...]) -> type[BaseModel]:
        required = set(schema.get("required", ()))
        fields = {
            name: self.field(name, inner, f"{place}.{name}", required=name in required, refs=refs)
            for name, inner in schema["properties"].items()
            if not (isinstance(inner, dict) and inner.get("readOnly"))
        }
        return model_of(place.replace(".", "_").replace("[]", "_item"), fields)

    def field(
        self, name: str, schema: Any, place: str, *, required: bool, refs: tuple[str, ...] = (), about: str = ""
    ) -> tuple[Any, Any]:
        """Type and default of one named value. An optional one without a default is None when absent."""
        described = self.type_of(schema, place, refs)
        inner = schema if isinstance(schema, dict) else {}
        default: Any = ... if required else inner.get("default")
        if default is None:
            described = described | None
        text = about or str(inner.get("description", "")) or None
        return described, Field(default=default, alias=name, description=text, validate_default=default is not None)

    def _error(self, place: str, message: str) -> SourceError:
        return SourceError(self._document.file, f"operation {self._operation}: {place}", message)


def model_of(name: str, fields: dict[str, Any]) -> type[BaseModel]:
    """A model of these fields. A service may call one `copy` or `x-id`; those get an attribute name of our own."""
    named: dict[str, Any] = {
        field if _can_be_attribute(field) else f"field_{index}": described
        for index, (field, described) in enumerate(fields.items())
    }
    return create_model(name, __base__=ArgumentsModel, **named)


def _can_be_attribute(name: str) -> bool:
    return name.isidentifier() and not name.startswith(("_", "model_", "field_")) and not hasattr(BaseModel, name)


def _list_of(item: Any) -> Any:
    return list[item]


def _map_of(value: Any) -> Any:
    return dict[str, value]


def _ranges(schema: Schema, **words: str) -> Ranges:
    return {ours: schema[theirs] for ours, theirs in words.items() if theirs in schema}


def _numeric(schema: Schema) -> Ranges:
    ranges = _ranges(schema, ge="minimum", le="maximum", multiple_of="multipleOf")
    for word, open_, closed in (("exclusiveMinimum", "gt", "ge"), ("exclusiveMaximum", "lt", "le")):
        limit = schema.get(word)
        if limit is True and closed in ranges:
            # OpenAPI 3.0 writes a flag beside the limit, 3.1 the limit itself.
            ranges[open_] = ranges.pop(closed)
        elif isinstance(limit, int | float) and not isinstance(limit, bool):
            ranges[open_] = limit
    return ranges
