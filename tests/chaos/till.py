"""The far end: a till that counts what it did. Crediting twice is wrong money; setting a limit twice is not."""

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.demo.slack.loopback import serving
from tests.chaos.plan import Tool
from tests.chaos.points import AFTER_EFFECT, BEFORE_EFFECT

Parked = Callable[[str], Awaitable[bool]]
"""is told which point a write has reached; True when its sender is dead by now"""


@dataclass
class Till:
    """What was done, by operation and number."""

    at: Parked
    done: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    """(operation, number, amount) → times it had its effect"""
    limits: dict[int, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    url: str = ""

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["Till"]:
        routes = [Route("/{operation}/{number:int}", self._take, methods=["PUT"])]
        routes.append(Route("/credit/{number:int}", self._look, methods=["GET"]))
        async with serving(Starlette(routes=routes)) as url:
            self.url = url
            yield self

    def times(self, operation: str, number: int) -> int:
        return sum(count for (what, which, _), count in self.done.items() if (what, which) == (operation, number))

    async def _look(self, request: Request) -> JSONResponse:
        return JSONResponse({"credited": self.times("credit", request.path_params["number"]) > 0})

    async def _take(self, request: Request) -> JSONResponse:
        operation, number = request.path_params["operation"], request.path_params["number"]
        amount = int(request.query_params.get("amount", "0"))
        before = self.limits.get(number, 0)
        if request.query_params.get("dry_run") != "true":
            if await self.at(BEFORE_EFFECT):
                return JSONResponse({}, status_code=503)
            self._do(operation, number, amount, request.headers.get("idempotency-key", ""))
            if await self.at(AFTER_EFFECT):
                return JSONResponse({}, status_code=503)
        change = {"label": f"{operation} {number}", "before": str(before), "after": str(amount)}
        impact = {"counted": [{"count": max(1, amount // 10), "unit": "accounts", "of": 100}]}
        return JSONResponse({"before": {"amount": before}, "changes": [change], "impact": impact})

    def _do(self, operation: str, number: int, amount: int, key: str) -> None:
        if operation == "limit":
            if key and key in self.keys:
                return
            self.keys.add(key)
            self.limits[number] = amount
        self.done[operation, number, amount] += 1


def write_manifest(folder: Path, url: str) -> Path:
    """The manifest file of a till, with its document beside it."""
    paths = {f"/{name}/{{number}}": {"put": _operation(name)} for name in ("credit", "void", "limit")}
    paths["/credit/{number}"]["get"] = {"operationId": "look", "parameters": [_parameter("number", "path")]}
    document = {"openapi": "3.1.0", "info": {"title": "till", "version": "1"}, "paths": paths}
    (folder / "till.json").write_text(json.dumps(document))
    service = {"name": "till", "owner": "chaos", "base_url": url, "openapi": "till.json", "egress": ["127.0.0.1"]}
    verify = {"operation": "look", "args": {"number": "args.number"}, "holds": "result.credited", "says": "'Seen'"}
    undo = {"tool": "till.void", "args": {"number": "args.number", "amount": "args.amount"}}
    back = {"tool": "till.limit", "args": {"number": "args.number", "amount": "before.amount"}}
    tools = [
        _tool(Tool.CREDIT, "credit", undo=undo),
        _tool(Tool.CREDIT_SEEN, "credit", undo=undo, verify=verify),
        _tool(Tool.LIMIT, "limit", undo=back) | {"idempotent": True},
        _tool("till.void", "void"),
    ]
    path = folder / "till.yaml"
    path.write_text(yaml.safe_dump({"service": service, "tools": tools}))
    return path


def _parameter(name: str, place: str, kind: str = "integer") -> dict[str, object]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": kind}}


def _operation(name: str) -> dict[str, object]:
    parameters = [
        _parameter("number", "path"),
        _parameter("amount", "query"),
        _parameter("dry_run", "query", "boolean"),
    ]
    return {"operationId": name, "parameters": parameters}


def _tool(name: str, operation: str, **http: object) -> dict[str, object]:
    return {
        "name": str(name),
        "summary": f"Does a {operation}.",
        "tier": "reversible",
        "title": f"'Did {operation} ' + string(args.number)",
        "says": f"'Do {operation} ' + string(args.number) + ' of ' + string(args.amount)",
        "verb": operation,
        "target": {"id": "string(args.number)"},
        "dry_run": "analysed",
        "http": {"operation": operation, "preview": {"dry_run": "dry_run"}, **http},
    }
