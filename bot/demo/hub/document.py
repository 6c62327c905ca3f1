"""The hub's OpenAPI document, from the shapes."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.demo.hub.shapes import Done, Problem, ProgressIn, ReadIn, ReplyIn, UnreadOut

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "the same key and write give the first answer again, and no second effect",
    "schema": {"type": "string", "minLength": 16, "maxLength": 200},
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_UNREAD = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 100}},
    {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "`next` of the page before"},
    {"name": "id", "in": "query", "schema": {"type": "string"}, "description": "only this message, when unread"},
]


def openapi_document() -> dict[str, Any]:
    """The complete contract; it names no host."""
    models = [(model, "validation") for model in (UnreadOut, ReplyIn, ProgressIn, ReadIn, Done, Problem)]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]  # a list is invariant
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Coordination hub",
            "version": "1.0.0",
            "description": "Unread coordination requests, and the three things that may be done about them.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/v1/unread": {
                "get": {
                    "operationId": "unread",
                    "summary": "Unread messages, oldest first",
                    "parameters": _UNREAD,
                    "responses": _responses(UnreadOut, 401, 422),
                }
            },
            "/v1/messages/{id}/reply": {"post": _write("send_reply", "Reply to a message", ReplyIn)},
            "/v1/messages/{id}/progress": {"post": _write("add_progress", "Put a progress note on it", ProgressIn)},
            "/v1/messages/{id}/read": {"post": _write("mark_read", "Take it off the unread ones", ReadIn)},
        },
        "components": {**_components(schemas), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _components(schemas: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": dict(sorted(schemas["$defs"].items()))}


def _write(name: str, summary: str, takes: type[BaseModel]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [_ID, _KEY],
        "requestBody": {"required": True, "content": _json(takes)},
        "responses": _responses(Done, 401, 404, 409, 422),
    }


def _responses(gives: type[BaseModel], *problems: int) -> dict[str, Any]:
    words = {401: "no valid token", 404: "no such message", 409: "changed, or key reused", 422: "not readable"}
    bad = {str(status): {"description": words[status], "content": _json(Problem)} for status in problems}
    return {"200": {"description": "done", "content": _json(gives)}, **bad}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
