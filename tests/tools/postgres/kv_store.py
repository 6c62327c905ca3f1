"""A Vault with one KV store of version 2, as its API is documented, and ways to break it."""

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

TOKEN = "hvs.only-for-tests"


@dataclass
class KvStore:
    """What stands where; `breaks` answers for requests whose path it names, once each."""

    kept: dict[str, list[str]] = field(default_factory=dict)
    breaks: dict[str, Response] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def app(self) -> Starlette:
        where = "/v1/secret/{kind}/{path:path}"
        return Starlette(routes=[Route(where, self.answer, methods=["GET", "POST", "DELETE"])])

    async def answer(self, request: Request) -> Response:
        kind, path = request.path_params["kind"], request.path_params["path"]
        self.asked.append((request.method, f"{kind}/{path}"))
        if request.headers.get("x-vault-token") != TOKEN:
            return JSONResponse({"errors": ["permission denied"]}, 403)
        if (broken := self.breaks.pop(f"{request.method} {kind}/{path}", None)) is not None:
            return broken
        match request.method, kind:
            case "POST", "data":
                body: dict[str, Any] = await request.json()
                self.kept.setdefault(path, []).append(body["data"]["password"])
                return JSONResponse({"data": {"version": len(self.kept[path]), "created_time": "2026-01-01T00:00:00Z"}})
            case "GET", "metadata" if path in self.kept:
                data = {"current_version": len(self.kept[path]), "updated_time": "2026-01-01T00:00:00Z"}
                return JSONResponse({"data": data})
            case "DELETE", "metadata":
                self.kept.pop(path, None)
                return Response(status_code=204)
        return JSONResponse({"errors": []}, 404)


def echo(value: str) -> Response:
    """An error that repeats what was sent, as careless proxies do."""
    return HTMLResponse(f"<html>bad request: {value}</html>", 400)
