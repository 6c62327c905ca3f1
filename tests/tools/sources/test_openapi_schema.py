"""Schemas become types that say exactly the same, or are refused by name."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.tools.sources.conftest import Json, LoadOne, body_of
from tools.sources.errors import SourceError


def props(**properties: Json) -> Json:
    return body_of({"type": "object", "properties": properties, "required": sorted(properties)})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd", 5, None]),
        ({"type": "string", "pattern": "^[a-z]+$"}, ["abc"], ["A", ""]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, [1, 3], [0, 4, "2", 1.5, True]),
        ({"type": "integer", "exclusiveMinimum": 1}, [2], [1]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1]),
        ({"type": "number", "maximum": 2}, [1, 1.5], [2.5, "1", float("nan"), float("inf")]),
        ({"type": "boolean"}, [True, False], [1, "true", None]),
        ({"enum": ["a", "b"], "type": "string"}, ["a"], ["c", 1, None]),
        ({"type": "integer", "enum": [1, 2]}, [1], [3, "1"]),
        ({"const": "a", "type": "string"}, ["a"], ["b"]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, [[], [1, 2]], [[1, 2, 3], ["1"], "1"]),
        ({"type": ["string", "null"]}, ["a", None], [1]),
        ({"type": "string", "nullable": True}, ["a", None], [1]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, [1, None], ["1"]),
        ({"$ref": "#/components/schemas/Size"}, ["small"], ["tiny"]),
        ({"allOf": [{"$ref": "#/components/schemas/Size"}], "description": "how big"}, ["small"], ["tiny"]),
        (
            {
                "allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {"type": "object", "properties": {"n": {"type": "integer"}}},
                ]
            },
            [{"name": "a", "n": 1}, {"name": "a"}],
            [{"n": 1}, {"name": "a", "other": 1}],
        ),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, [{"a": 1}, {}], [{"a": "1"}]),
    ],
)
async def test_a_schema_takes_what_it_says_and_nothing_else(
    load: LoadOne, schema: Json, good: list[Any], bad: list[Any]
) -> None:
    components = {
        "Size": {"type": "string", "enum": ["small", "large"]},
        "Named": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    }
    [tool] = await load(operation=props(v=schema), components=components)
    for value in good:
        dumped = tool.arguments.model_validate({"v": value}).model_dump(mode="json", exclude_none=True)
        assert dumped.get("v") == value
    for value in bad:
        with pytest.raises(ValidationError):
            tool.arguments.model_validate({"v": value})


async def test_path_query_and_body_become_one_flat_model(load: LoadOne) -> None:
    operation = props(size={"type": "integer"})
    operation["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "loud", "in": "query", "schema": {"type": "boolean", "default": False}},
    ]
    [tool] = await load(operation=operation)
    schema = tool.arguments.model_json_schema()
    assert sorted(schema["properties"]) == ["id", "loud", "size"]
    assert sorted(schema["required"]) == ["id", "size"]
    assert schema["additionalProperties"] is False
    assert tool.arguments.model_validate({"id": "a", "size": 1}).model_dump() == {"id": "a", "size": 1, "loud": False}


async def test_an_argument_nobody_declared_is_refused(load: LoadOne) -> None:
    [tool] = await load(operation=props(size={"type": "integer"}))
    with pytest.raises(ValidationError, match="other"):
        tool.arguments.model_validate({"size": 1, "other": 2})


async def test_names_that_python_uses_itself_stay_what_the_service_calls_them(load: LoadOne) -> None:
    names = ("copy", "from", "x-id", "model_config", "_private")
    [tool] = await load(operation=props(**{name: {"type": "string"} for name in names}))
    given = dict.fromkeys(names, "v")
    assert tool.arguments.model_validate(given).model_dump(mode="json") == given


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a\\b", "a%2fb", "a?b", "a#b", "a\nb"])
async def test_a_path_argument_stays_one_segment(load: LoadOne, value: str) -> None:
    operation = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]}
    [tool] = await load(operation=operation)
    with pytest.raises(ValidationError, match="part of a path"):
        tool.arguments.model_validate({"id": value})


async def test_bounds_of_the_manifest_are_enforced_at_the_field_and_shown_in_the_schema(load: LoadOne) -> None:
    operation = props(
        n={"type": "integer"}, word={"type": "string"}, tags={"type": "array", "items": {"type": "string"}}
    )
    bounds = {"n": {"min": 1, "max": 5}, "word": {"max_length": 3}, "tags": {"one_of": ["a", "b"]}}
    [tool] = await load(operation=operation, tool={"bounds": bounds})
    fine = {"n": 5, "word": "abc", "tags": ["a"]}
    tool.arguments.model_validate(fine)
    for change, where, reason in (
        ({"n": 6}, "n", "6 is above 5, the most this tool may use"),
        ({"n": 0}, "n", "0 is below 1, the least this tool may use"),
        ({"word": "abcd"}, "word", "longer than 3 characters"),
        ({"tags": ["a", "c"]}, "tags", "'c' is not among what this tool may use"),
    ):
        with pytest.raises(ValidationError) as caught:
            tool.arguments.model_validate({**fine, **change})
        [error] = caught.value.errors()
        assert error["loc"] == (where,)
        assert reason in error["msg"]
    assert tool.arguments.model_json_schema()["properties"]["n"]["maximum"] == 5


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "anyOf with 2 alternatives"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "oneOf with 2 alternatives"),
        ({"type": ["string", "integer"]}, "write one type"),
        ({"not": {"type": "string"}}, "'not'"),
        ({"type": "wurst"}, "'wurst'"),
        ({"$ref": "#/components/schemas/Node"}, "contains itself (Node → Node)"),
        ({"$ref": "#/components/schemas/Ping"}, "contains itself (Ping → Pong → Ping)"),
        ({"allOf": [{"$ref": "#/components/schemas/Loop"}]}, "contains itself"),
        ({"$ref": "#/components/schemas/Nowhere"}, "is not there"),
        ({"$ref": "other.json#/X"}, "bundle the document"),
        ({"type": "string", "pattern": "(?<!a)b"}, "pattern"),
    ],
)
async def test_what_cannot_be_checked_exactly_is_refused_with_the_operations_name(
    load: LoadOne, schema: Json, says: str
) -> None:
    components = {
        "Node": {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Node"}}},
        "Ping": {"type": "object", "properties": {"pong": {"$ref": "#/components/schemas/Pong"}}},
        "Pong": {"type": "array", "items": {"$ref": "#/components/schemas/Ping"}},
        "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}]},
    }
    with pytest.raises(SourceError) as caught:
        await load(operation=props(v=schema), components=components)
    assert says in str(caught.value)
    assert "doIt" in str(caught.value) or "#/" in str(caught.value)
