"""A service with one switch that can be set, and a manifest for it: the instant tool behind the click benchmark.

One operation stands behind several tools, because the rules allow twenty changes an hour of one tool.
"""

import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.demo.slack.loopback import serving

CALLS_A_TOOL = 10
_NUMBER = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
_DRY_RUN = {"name": "dry_run", "in": "query", "schema": {"type": "boolean"}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "switchboard", "version": "1"},
    "paths": {"/switches/{number}": {"put": {"operationId": "setSwitch", "parameters": [_NUMBER, _DRY_RUN]}}},
}


@dataclass
class Switchboard:
    """Notes when each switch was set for real, by time.perf_counter()."""

    set_at: dict[int, float] = field(default_factory=dict)
    url: str = ""

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator["Switchboard"]:
        app = Starlette(routes=[Route("/switches/{number:int}", self._set, methods=["PUT"])])
        async with serving(app) as url:
            self.url = url
            yield self

    async def _set(self, request: Request) -> JSONResponse:
        number = request.path_params["number"]
        dry = request.query_params.get("dry_run") == "true"
        if not dry:
            self.set_at[number] = time.perf_counter()
        change = {"label": f"switch {number}", "before": "off", "after": "on"}
        impact = {"counted": [{"count": 1, "unit": "switches", "of": 100}]}
        return JSONResponse({"before": {"on": False}, "changes": [change], "impact": impact})

    def write_manifest(self, folder: Path, tools: int) -> Path:
        """The manifest file, with its document beside it."""
        (folder / "switchboard.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
        service = {
            "name": "switchboard",
            "owner": "bench",
            "base_url": self.url,
            "openapi": "switchboard.json",
            "egress": ["127.0.0.1"],
        }
        declared = {"service": service, "tools": [_tool(number) for number in range(tools)]}
        manifest = folder / "switchboard.yaml"
        manifest.write_text(yaml.safe_dump(declared), encoding="utf-8")
        return manifest


def tool_name(call: int) -> str:
    """The tool for one call, so that no tool is called too often."""
    return f"bench.switch_{call // CALLS_A_TOOL}"


def _tool(number: int) -> dict[str, object]:
    return {
        "name": f"bench.switch_{number}",
        "summary": "Sets one switch.",
        "tier": "reversible",
        "title": "'Set switch ' + string(args.number)",
        "says": "'Set switch ' + string(args.number)",
        "verb": "set",
        "target": {"id": "string(args.number)"},
        "dry_run": "analysed",
        "idempotent": True,
        "http": {"operation": "setSwitch", "preview": {"dry_run": "dry_run"}},
    }
