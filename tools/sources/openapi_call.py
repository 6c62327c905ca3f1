"""One operation of one service, ready to be called with checked arguments."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import JsonValue, TypeAdapter, ValidationError

from tools.contract import JsonObject, ToolFailed
from tools.expressions import Expression, ExpressionError
from tools.sources.errors import SourceError
from tools.sources.http_client import HttpRequest, HttpService
from tools.sources.openapi_arguments import Arguments
from tools.sources.openapi_document import Document, Operation
from tools.sources.openapi_schema import SchemaReader


@dataclass(frozen=True, kw_only=True)
class ShapedBody:
    """A body that is made from the arguments, and checked against the document before it is sent."""

    expression: Expression
    schema: TypeAdapter[object]

    @classmethod
    def of(cls, document: Document, operation: Operation, expression: Expression) -> "ShapedBody":
        """The body of one operation.

        Raises:
            SourceError: the operation takes none, or its schema cannot be checked.
        """
        if operation.body is None:
            raise SourceError(document.file, f"operation {operation.id}", "takes no body; leave `body:` out")
        taken = SchemaReader(document, operation.id).type_of(operation.body, "body")
        return cls(expression=expression, schema=TypeAdapter(taken))

    def made(self, values: Mapping[str, JsonValue], *, key: str) -> JsonValue:
        """The body for these arguments.

        Raises:
            ToolFailed: it cannot be made, or is not what the operation takes; nothing was sent.
        """
        try:
            body = self.expression.value({"args": dict(values), "key": key})
            self.schema.validate_json(json.dumps(body))
        except ExpressionError as error:
            raise ToolFailed(f"the body cannot be made: {error}", effect_possible=False, reason="refused") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "body"
            message = f"the body is not what the operation takes: {place}: {first['msg'].lower()}; correct the manifest"
            raise ToolFailed(message, effect_possible=False, reason="refused") from None
        return body


SAFE = "-._~:@!$&'()*+,;="
"""characters that stand for themselves in one segment of a path"""


@dataclass(frozen=True, kw_only=True)
class BoundOperation:
    """An operation with its arguments and its service."""

    service: HttpService
    operation: Operation
    arguments: Arguments
    fixed: Mapping[str, JsonValue]
    timeout: float
    shape: ShapedBody | None = None

    async def call(
        self,
        values: Mapping[str, JsonValue],
        *,
        may_change: bool = False,
        idempotency_key: str = "",
        extra_query: tuple[tuple[str, str], ...] = (),
    ) -> JsonObject:
        """What the service answers, as an object; a bare list comes as {"items": […]}."""
        request = HttpRequest(
            method=self.operation.method,
            path=self._path(values),
            query=(*self._query(values), *extra_query),
            body=self._body(values) if self.shape is None else self.shape.made(values, key=idempotency_key),
            body_kind=self.operation.body_kind,
            idempotency_key=idempotency_key,
            may_change=may_change,
        )
        answer = await self.service.send(request, timeout=self.timeout)
        if isinstance(answer, dict):
            return answer
        return {"items": answer} if isinstance(answer, list) else {"value": answer}

    def _fixed(self, where: str) -> JsonObject:
        named = {p.name for p in self.operation.parameters if p.where in {"path", "query"}}
        query = {p.name for p in self.operation.parameters if p.where == "query"}
        in_place = query if where == "query" else set(self.fixed) - named if where == "body" else named - query
        return {name: value for name, value in self.fixed.items() if name in in_place}

    def _path(self, values: Mapping[str, JsonValue]) -> str:
        path = self.operation.path
        for name, value in {**self.arguments.part("path", values), **self._fixed("path")}.items():
            path = path.replace(f"{{{name}}}", quote(_text(value), safe=SAFE))
        return path

    def _query(self, values: Mapping[str, JsonValue]) -> tuple[tuple[str, str], ...]:
        pairs: list[tuple[str, str]] = []
        for name, value in {**self.arguments.part("query", values), **self._fixed("query")}.items():
            pairs += [(name, _text(item)) for item in (value if isinstance(value, list) else [value])]
        return tuple(pairs)

    def _body(self, values: Mapping[str, JsonValue]) -> JsonValue:
        if self.operation.body is None:
            return None
        whole = self.arguments.part("whole_body", values)
        if whole:
            return whole["body"]
        return {**self.arguments.part("body", values), **self._fixed("body")}


def _text(value: JsonValue) -> str:
    """A value as it stands in a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
