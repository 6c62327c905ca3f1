"""For each kind of source: one tool that does next to nothing, and the same call made directly, over the same way."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.commands.pinning import look
from bot.demo.slack.loopback import serving
from tools.contract import JsonObject, Tool
from tools.sources.confined import Files
from tools.sources.loading import Means, Packages, load_manifest, load_packages
from tools.sources.mcp_pins import lock_of

ASKED: JsonObject = {"service": "checkout"}
READ = {
    "summary": "Looks.",
    "tier": "read",
    "title": "'Looked'",
    "target": {"id": "args.service"},
    "rate_per_hour": 600,
}
SERVER = """
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("bench")


@server.tool()
def look(service: str) -> dict[str, str]:
    \"\"\"Looks.\"\"\"
    return {"service": service}


if len(sys.argv) == 1:
    server.run("stdio")
else:
    import socket

    import uvicorn

    app = server.streamable_http_app(stateless_http=True)
    door = socket.create_server(("127.0.0.1", 0))
    print(door.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[door])
"""
PACKAGE = """
from tools.sources.python_toolbox import Toolbox

tools = Toolbox("python", owner="bench")


@tools.read(title="'Looked'", target={"kind": "service", "id": "args.service"}, rate_per_hour=600)
async def look(service: str) -> dict[str, str]:
    \"\"\"Looks.\"\"\"
    return {"service": service}
"""


@dataclass(frozen=True, kw_only=True)
class FarEnd:
    """One kind of source."""

    kind: str
    tool: Tool
    directly: Callable[[], Awaitable[object]]
    """as who has no bot would call it: no manifest, no limits, no pins"""


@asynccontextmanager
async def far_ends(home: Path) -> AsyncIterator[list[FarEnd]]:
    """Every kind, up and connected."""
    async with AsyncExitStack() as closing:
        client = await closing.enter_async_context(httpx.AsyncClient(trust_env=False))
        means = Means(environ={}, client=client, closing=closing)
        (home / "server.py").write_text(SERVER)
        yield [
            _python(home, closing),
            await _openapi(home, means, closing),
            await _shell(home, means),
            await _stdio(home, means, closing),
            await _http(home, means, closing),
        ]


async def _openapi(home: Path, means: Means, closing: AsyncExitStack) -> FarEnd:
    app = Starlette(routes=[Route("/look", lambda request: JSONResponse(dict(request.query_params)))])
    url = await closing.enter_async_context(serving(app))
    service = {"name": "service", "in": "query", "required": True, "schema": {"type": "string"}}
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}}
    paths = {"/look": {"get": {"operationId": "look", "parameters": [service]}}}
    (home / "look.yaml").write_text(yaml.safe_dump({**document, "paths": paths}))
    header = {"name": "openapi", "owner": "o", "base_url": url, "openapi": "look.yaml", "egress": ["127.0.0.1"]}
    tool = await _tool(home, "openapi", "service", header, {"http": {"operation": "look"}}, means)

    async def directly() -> object:
        return (await means.client.get(f"{url}/look", params={"service": "checkout"})).json()

    return FarEnd(kind="openapi", tool=tool, directly=directly)


async def _shell(home: Path, means: Means) -> FarEnd:
    command = {"argv": ["/bin/echo", "{service}"], "arguments": {"service": {"type": "text"}}}
    tool = await _tool(home, "shell", "shell", {"name": "shell", "owner": "o"}, {"command": command}, means)

    async def directly() -> object:
        process = await asyncio.create_subprocess_exec("/bin/echo", "checkout", stdout=asyncio.subprocess.PIPE)
        return await process.communicate()

    return FarEnd(kind="shell", tool=tool, directly=directly)


async def _stdio(home: Path, means: Means, closing: AsyncExitStack) -> FarEnd:
    from mcp import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    program = str(home / "server.py")
    header = {"name": "mcp-stdio", "owner": "o", "command": [sys.executable, program]}
    header |= {"reads": [sys.prefix, sys.base_prefix]}
    tool = await _tool(home, "mcp_stdio", "mcp", header, {"mcp": {"tool": "look"}}, means)
    errors = closing.enter_context((home / "server.errors").open("w"))
    raw = stdio_client(StdioServerParameters(command=sys.executable, args=[program]), errlog=errors)
    client = await closing.enter_async_context(Client(raw))
    return FarEnd(kind="mcp_stdio", tool=tool, directly=lambda: client.call_tool("look", dict(ASKED)))


async def _http(home: Path, means: Means, closing: AsyncExitStack) -> FarEnd:
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    program = [sys.executable, str(home / "server.py"), "http"]
    server = await asyncio.create_subprocess_exec(
        *program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    closing.push_async_callback(server.wait)
    closing.callback(server.terminate)
    assert server.stdout
    url = f"http://127.0.0.1:{int(await server.stdout.readline())}/mcp"
    header = {"name": "mcp-http", "owner": "o", "url": url, "egress": ["127.0.0.1"]}
    tool = await _tool(home, "mcp_http", "mcp", header, {"mcp": {"tool": "look"}}, means)
    client = await closing.enter_async_context(Client(streamable_http_client(url)))
    return FarEnd(kind="mcp_http", tool=tool, directly=lambda: client.call_tool("look", dict(ASKED)))


def _python(home: Path, closing: AsyncExitStack) -> FarEnd:
    """A package of a team, installed as pip would."""
    info = home / "site" / "bench_tools-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bench-tools\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ops_autopilot.tools]\nbench = bench_tools:tools\n")
    (info.parent / "bench_tools.py").write_text(PACKAGE)
    sys.path.insert(0, str(info.parent))
    closing.callback(sys.path.remove, str(info.parent))
    [tool] = load_packages(Packages(names=["bench"], environ={}, files={"bench": Files()}), closing)

    async def look(service: str) -> dict[str, str]:
        return {"service": service}

    return FarEnd(kind="python", tool=tool, directly=lambda: look("checkout"))


async def _tool(
    home: Path, name: str, kind: str, header: Mapping[str, object], rule: Mapping[str, object], means: Means
) -> Tool:
    file = home / f"{name}-source.yaml"
    file.write_text(yaml.safe_dump({kind: dict(header), "tools": [{"name": f"{name}.look", **READ, **rule}]}))
    if kind == "mcp":
        lock_of(file).write_text((await look(file)).written())
    [tool] = await load_manifest(file, means)
    return tool
