"""What the gateway adds to a call of each kind of source, beside the same call made directly."""

import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.commands.bench.gateway import GROUPS, timed
from bot.commands.bench.numbers import Measured, Number, p50
from bot.commands.pinning import look
from bot.demo.slack.loopback import serving
from policy.cedar import DEFAULT_RULES, PolicyEngine
from tools.admitting import validate
from tools.contract import JsonObject, Tool, ToolContext
from tools.registry import Registry
from tools.sources.loading import Means, load_manifest
from tools.sources.mcp_pins import lock_of
from tools.sources.python_toolbox import Toolbox

ASKED: JsonObject = {"service": "checkout"}
READ = {
    "summary": "Looks.",
    "tier": "read",
    "title": "'Looked'",
    "target": {"id": "args.service"},
    "rate_per_hour": 600,
}
SERVER = """
from mcp.server.mcpserver import MCPServer

server = MCPServer("bench")


@server.tool()
def look(service: str) -> dict[str, str]:
    \"\"\"Looks.\"\"\"
    return {"service": service}


server.run("stdio")
"""


async def measure(home: Path, *, quick: bool) -> Measured:
    home.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs here yet
    count, numbers = (10 if quick else 100), []
    async with _tools(home) as tools:
        registry = Registry(tools)
        engine = PolicyEngine.load(DEFAULT_RULES, registry.actions(), GROUPS)
        for tool in tools:
            kind = tool.name.partition(".")[0]
            cpu_alone: list[float] = []
            cpu: list[float] = []
            alone = p50(await _direct(tool, count, cpu_alone))
            (home / kind).mkdir()
            through = p50(await timed(home / kind, registry, engine, count, tool.name, ASKED, cpu=cpu))
            extra = f"extra through the gateway: {kind}"
            numbers += [
                Number(name=f"{kind}: directly, p50", value=alone, unit="ms"),
                Number(name=f"{extra}, p50", value=through - alone, unit="ms", target=15),
                Number(name=f"{extra}, CPU, p50", value=p50(cpu) - p50(cpu_alone), unit="ms"),
            ]
    how = (
        f"{count} reads of each source, directly and through the gateway on SQLite; one after the other; "
        "what another process computes is not in CPU"
    )
    return Measured(benchmark="sources", how=how, numbers=tuple(numbers))


async def _direct(tool: Tool, count: int, cpu: list[float]) -> list[float]:
    context = ToolContext(tenant="t", correlation_id="c", idempotency_key="k")
    args, took = validate(tool, ASKED).parsed, []
    for number in range(count + 1):
        began, computed = time.perf_counter(), time.process_time()
        await tool.run(args, context)
        if number:  # the first one connects
            took.append((time.perf_counter() - began) * 1e3)
            cpu.append((time.process_time() - computed) * 1e3)
    return took


@asynccontextmanager
async def _tools(home: Path) -> AsyncIterator[list[Tool]]:
    """One tool of each source that does next to nothing."""
    app = Starlette(routes=[Route("/look", lambda request: JSONResponse(dict(request.query_params)))])
    async with AsyncExitStack() as closing, httpx.AsyncClient(trust_env=False) as client, serving(app) as url:
        means = Means(environ={}, client=client, closing=closing)
        service = {"name": "service", "in": "query", "required": True, "schema": {"type": "string"}}
        document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}}
        paths = {"/look": {"get": {"operationId": "look", "parameters": [service]}}}
        (home / "look.yaml").write_text(yaml.safe_dump({**document, "paths": paths}))
        header = {"name": "openapi", "owner": "o", "base_url": url, "openapi": "look.yaml", "egress": ["127.0.0.1"]}
        http = _write(home, "openapi", "service", header, {"http": {"operation": "look"}})
        argument = {"arguments": {"service": {"type": "text"}}}
        command = {"command": {"argv": ["/bin/echo", "{service}"], **argument}}
        shell = _write(home, "shell", "shell", {"name": "shell", "owner": "o"}, command)
        (home / "server.py").write_text(SERVER)
        program: dict[str, object] = {"name": "mcp", "owner": "o", "command": [sys.executable, str(home / "server.py")]}
        program["reads"] = [sys.prefix, sys.base_prefix]
        mcp = _write(home, "mcp", "mcp", program, {"mcp": {"tool": "look"}})
        lock_of(mcp).write_text((await look(mcp)).written())
        loaded = [tool for file in (http, shell, mcp) for tool in await load_manifest(file, means)]
        yield [_python(), *loaded]


def _write(home: Path, name: str, kind: str, header: Mapping[str, object], rule: Mapping[str, object]) -> Path:
    file = home / f"{name}-source.yaml"
    file.write_text(yaml.safe_dump({kind: dict(header), "tools": [{"name": f"{name}.look", **READ, **rule}]}))
    return file


def _python() -> Tool:
    box = Toolbox("python", owner="bench")

    @box.read(title="'Looked'", target={"kind": "service", "id": "args.service"}, rate_per_hour=600)
    async def look(service: str) -> JsonObject:
        """Looks."""
        return {"service": service}

    [tool] = box.tools()
    return tool
