"""The OpenAPI 3.1 document, made from the operations."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from bot.demo.shop.operation import Operation

REFS = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
    "required": ["error", "detail"],
    "additionalProperties": False,
}
DRY_RUN = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "answer with what would change, from live state, and change nothing",
    "schema": {"type": "boolean", "default": False},
}
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key gives the same answer and one effect; another key is another effect",
    "schema": {"type": "string", "maxLength": 200},
}
Json = dict[str, Any]


def openapi_document(operations: Sequence[Operation], *, title: str, about: str) -> Json:
    """The complete description of the API; it names no host, so that it is the same wherever the shop runs."""
    components: Json = {"Problem": PROBLEM}
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1.0.0",
            "description": about,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, components: Json) -> Json:
    taken = _schema(operation.takes, "validation", components)
    properties: Json = taken.get("properties", {})
    required = set(taken.get("required", ()))
    in_path = operation.path_names
    body = {name: schema for name, schema in properties.items() if name not in in_path}
    parameters = [
        _parameter(name, "path", properties[name], required=True, example=operation.example.get(name))
        for name in in_path
    ]
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": _responses(operation, components),
    }
    if operation.writes:
        parameters += [DRY_RUN, IDEMPOTENCY]
        described["security"] = [{"token": []}]
        described["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": body,
                        "required": sorted(required & set(body)),
                        "additionalProperties": False,
                    },
                    "example": {name: value for name, value in operation.example.items() if name in body},
                }
            },
        }
    else:
        parameters += [
            _parameter(name, "query", schema, required=name in required, example=operation.example.get(name))
            for name, schema in body.items()
        ]
    return described


def _parameter(name: str, where: str, schema: Json, *, required: bool, example: object) -> Json:
    parameter: Json = {"name": name, "in": where, "required": required, "schema": schema}
    if example is not None:
        parameter["example"] = example
    return parameter


def _responses(operation: Operation, components: Json) -> Json:
    schema = _schema(operation.gives, "serialization", components)
    name = operation.gives.__name__
    components[name] = schema
    ref = {"$ref": REFS.format(model=name)}
    responses: Json = {"200": {"description": "done", "content": {"application/json": {"schema": ref}}}}
    problems = {"404": "no such thing", "422": "the request makes no sense"}
    if operation.writes:
        problems |= {"401": "the bearer token is missing or wrong", "409": "the idempotency key was used otherwise"}
    for status, description in sorted(problems.items()):
        responses[status] = {
            "description": description,
            "content": {"application/json": {"schema": {"$ref": REFS.format(model="Problem")}}},
        }
    return responses


def _schema(model: type[BaseModel], mode: JsonSchemaMode, components: Json) -> Json:
    """A model's schema without its title, with nested models moved to the components."""
    schema = model.model_json_schema(mode=mode, ref_template=REFS)
    for name, nested in schema.pop("$defs", {}).items():
        components[name] = _untitled(nested)
    untitled: Json = _untitled(schema)
    return untitled


def _untitled(node: Any) -> Any:
    """Without pydantic's titles, which repeat the names. A property called title is kept: its schema is an object."""
    if isinstance(node, dict):
        return {k: _untitled(v) for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    if isinstance(node, list):
        return [_untitled(item) for item in node]
    return node
