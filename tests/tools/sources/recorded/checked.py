"""A server whose every question and answer is held against an OpenAPI document: what does not fit fails the test."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

Json = dict[str, Any]
Handle = Callable[[str, dict[str, str], Any], Awaitable[tuple[int, Any]] | tuple[int, Any]]
"""(operation id, path arguments, body) → (status, answer)"""


class Checked(httpx.AsyncBaseTransport):
    """Finds the operation of a request in the document, checks the body, asks `handle`, checks the answer."""

    def __init__(self, document: Path, handle: Callable[[str, dict[str, str], Any], tuple[int, Any]]) -> None:
        self.document: Json = yaml.safe_load(document.read_text())
        self.handle = handle
        self.seen: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for path, item in self.document["paths"].items():
            named = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), request.url.path)
            operation = item.get(request.method.lower())
            if named is not None and operation is not None:
                return self._answer(operation, named.groupdict(), request)
        raise AssertionError(f"the document has no {request.method} {request.url.path}")

    def _answer(self, operation: Json, named: dict[str, str], request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer made-up-token"
        body = json.loads(request.content) if request.content else None
        if "requestBody" in operation:
            [(kind, media)] = operation["requestBody"]["content"].items()
            assert request.headers["content-type"] == kind
            self._check(body, media["schema"])
        self.seen.append(operation["operationId"])
        status, answer = self.handle(operation["operationId"], {**named, **dict(request.url.params)}, body)
        if status < 400:
            described = operation["responses"][str(status)]["content"]["application/json"]["schema"]
            self._check(answer, described)
        return httpx.Response(status, json=answer)

    def _check(self, value: Any, schema: Json) -> None:
        whole = {**_nullable(schema), "components": _nullable(self.document["components"])}
        import jsonschema  # half a second, in each test worker

        jsonschema.Draft202012Validator(whole).validate(value)


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0 says nullable where JSON Schema says a type more."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _nullable(value) for name, value in schema.items() if name != "nullable"}
    return {**plain, "type": [plain["type"], "null"]} if schema.get("nullable") is True else plain
