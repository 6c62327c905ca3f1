"""The page's manifest over a real server, started as a program or served on a port."""

import json
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from bot.commands.pinning import look
from tools.admitting import validate
from tools.contract import JsonObject, Tool, ToolContext
from tools.sources.mcp_pins import lock_of
from tools.sources.mcp_source import load_mcp_source

SERVER = Path(__file__).with_name("tickets_server.py")
PAGE = Path(__file__).parents[4] / "docs" / "use-an-mcp-server.md"


_seen: list[str] = []


@dataclass
class Desk:
    """The tickets, and the manifest over them."""

    folder: Path
    closing: AsyncExitStack

    def manifest(self, mood: str = "", **header: Any) -> Path:
        """The page's manifest, with the server in a mood."""
        found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
        assert found
        declared = yaml.safe_load(found[1])
        declared["mcp"] |= {
            "command": [sys.executable, str(SERVER)],
            "environment": {"TICKETS_FILE": str(self.kept), "TICKETS_MOOD": mood, "PYTHONPATH": str(SERVER.parents[4])},
            "reads": [sys.prefix, sys.base_prefix, str(SERVER.parents[4])],
            "writes": [str(self.folder)],
            **header,
        }
        if "url" in header:
            del declared["mcp"]["command"]
        for tool in declared["tools"]:
            tool["timeout_seconds"] = 20.0
        path = self.folder / "tickets.yaml"
        path.write_text(yaml.safe_dump(declared))
        return path

    @property
    def kept(self) -> Path:
        return self.folder / "tickets.json"

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kept.read_text())
        return found

    async def pin(self, manifest: Path) -> None:
        lock_of(manifest).write_text((await look(manifest)).written())

    async def pinned(self) -> Path:
        """The page's manifest, pinned as it was met first: the same server is not started again for the same pins."""
        manifest = self.manifest()
        if not _seen:
            await self.pin(manifest)
            _seen.append(lock_of(manifest).read_text())
        lock_of(manifest).write_text(_seen[0])
        return manifest

    def tools(self, manifest: Path, **environ: str) -> dict[str, Tool]:
        loaded = load_mcp_source(manifest, environ=environ, closing=self.closing)
        return {tool.name: tool for tool in loaded}

    async def tools_in(self, mood: str) -> dict[str, Tool]:
        """Pinned while it behaved, met again in a mood."""
        await self.pinned()
        return self.tools(self.manifest(mood))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "tickets.json").write_text('{"tickets": {"T-1": "open"}}')
    async with AsyncExitStack() as closing:
        yield Desk(folder=tmp_path, closing=closing)


async def run(tool: Tool, arguments: JsonObject) -> JsonObject:
    context = ToolContext(tenant="t", correlation_id="c", idempotency_key="k-1")
    return await tool.run(validate(tool, arguments).parsed, context)


@contextmanager
def served(kept: Path, token: str = "", mood: str = "") -> Iterator[str]:
    """The server over streamable HTTP, behind a token."""
    from tests.tools.sources.mcp.tickets_server import made  # the SDK takes a second, and every test worker reads this

    app = made(kept, mood).streamable_http_app(stateless_http=True)

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers") or ())
        if scope["type"] == "http" and token and headers.get(b"authorization") != f"Bearer {token}".encode():
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"no"})
            return
        await app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(guarded, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/mcp"
    server.should_exit = True
    thread.join()
