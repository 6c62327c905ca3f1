"""Tools of an MCP server, as its manifest declares and its lock file pins them. The server may be down meanwhile."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from pydantic import JsonValue

from tools.contract import JsonObject, Tool
from tools.sources.confined import Files, Limits
from tools.sources.declared_tool import Assembly, Declared
from tools.sources.errors import SourceError
from tools.sources.mcp_http import http
from tools.sources.mcp_manifest import McpHeader, McpTool, read_mcp_manifest
from tools.sources.mcp_oauth import Credentials, credentials
from tools.sources.mcp_pins import Pins, lock_of, read_pins
from tools.sources.mcp_server import McpServer
from tools.sources.mcp_stdio import stdio
from tools.sources.openapi_arguments import Arguments, arguments_of
from tools.sources.openapi_document import Document, Operation

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

CPU_SECONDS = 3_600.0
"""of processor time that a program may use until the next one is started in its place"""
HTTP_SECONDS = 30.0
"""above every tool's own time; the SDK's would be five minutes"""


def load_mcp_source(
    manifest: Path, *, environ: Mapping[str, str], closing: AsyncExitStack, private: Sequence[str] = ()
) -> list[Tool]:
    """The tools a manifest declares; nothing is started or called yet.

    Raises:
        SourceError: manifest, lock file or settings cannot be used.
    """
    declared = read_mcp_manifest(manifest)
    pins = read_pins(manifest)
    if pins is None:
        message = f"is missing; look at what the server offers and agree with 'autopilot tools pin {manifest}'"
        raise SourceError(str(lock_of(manifest)), "file", message)
    server = server_of(declared.mcp, manifest, environ, private)
    closing.push_async_callback(server.close)
    entries = [_declared(entry, pins, server, manifest) for entry in declared.tools]
    return Assembly(file=str(manifest), env=declared.mcp.env, source=f"mcp:{declared.mcp.name}").tools(entries)


def limits_of(header: McpHeader, private: Sequence[str]) -> Limits:
    """What a server's program may have. `private` are files it does not see, whatever its manifest says."""
    named = [part for part in header.command if part.startswith("/")]
    folder = [header.folder] if header.folder else []
    reads = (*header.path, *folder, *named, *header.reads)
    files = Files(reads=reads, writes=header.writes, hidden=tuple(private)) if header.files == "declared" else None
    return Limits(
        network=bool(header.egress) or header.network == "host",
        files=files,
        memory_mb=0,  # runtimes reserve far more than they use
        used_mb=header.memory_mb,
        seconds=CPU_SECONDS,
    )


def server_of(header: McpHeader, manifest: Path, environ: Mapping[str, str], private: Sequence[str] = ()) -> McpServer:
    """The server, not yet connected.

    Raises:
        SourceError: its URL is none it may be reached at, or its token is not set.
    """
    secret = _secret(header, manifest, environ)
    oauth = _oauth(header, manifest, environ)
    url = _url(header, manifest, environ) if header.url else ""
    given = {name: environ[name] for name in header.pass_environment if name in environ}
    clean = {"PATH": ":".join(header.path), "LANG": "C.UTF-8", **header.environment, **given}

    limits = limits_of(header, private)

    def opening() -> "AbstractAsyncContextManager[TransportStreams]":
        if url:
            return http(url, secret_header=secret, oauth=oauth, seconds=HTTP_SECONDS)
        program = shutil.which(header.command[0], path=":".join(header.path)) or header.command[0]
        argv = [program, *header.command[1:]]
        return stdio(argv, environ=clean, folder=header.folder, limits=limits, complained=server.complain)

    held = "; it opens the system's files and those of `reads:` only" if header.files == "declared" and not url else ""
    server = McpServer(name=header.name, open=opening, pin_with=str(manifest), held=held)
    return server


def _oauth(header: McpHeader, manifest: Path, environ: Mapping[str, str]) -> Credentials | None:
    if header.oauth is None:
        return None
    found = credentials(header.oauth, manifest, environ)
    if found.host not in header.egress and found.host.partition(":")[0] not in header.egress:
        says = f"its issuer's host {found.host!r} is not in egress; add it there if it is meant"
        raise SourceError(str(manifest), "mcp: oauth", says)
    return found


def _secret(header: McpHeader, manifest: Path, environ: Mapping[str, str]) -> tuple[str, str] | None:
    if header.auth is None:
        return None
    token = environ.get(header.auth.token_env, "")
    if not token or not token.isascii() or not token.isprintable():
        says = f"{header.auth.token_env!r} is not set, or no header can carry it; set it to the server's token"
        raise SourceError(str(manifest), "mcp: auth", says)
    return header.auth.header, header.auth.prefix + token


def _url(header: McpHeader, manifest: Path, environ: Mapping[str, str]) -> str:
    url = (environ.get(header.url_env, "") if header.url_env else "") or header.url
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise SourceError(str(manifest), "mcp: url", f"{url!r} is no URL; write https://host/mcp") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.userinfo:
        raise SourceError(str(manifest), "mcp: url", f"{parsed.host!r} must be given as http(s)://host/…, without user")
    if parsed.host not in header.egress and parsed.netloc.decode() not in header.egress:
        allowed = ", ".join(header.egress)
        says = f"host {parsed.host!r} is not in egress ({allowed}); add it there if it is meant"
        raise SourceError(str(manifest), "mcp: url", says)
    return url


@dataclass(frozen=True, kw_only=True)
class _BoundTool:
    """A server's tool with its arguments, as it was pinned."""

    arguments: Arguments
    server: McpServer
    tool: str
    pinned: JsonObject
    fixed: Mapping[str, JsonValue]
    timeout: float

    async def call(
        self,
        values: Mapping[str, JsonValue],
        *,
        may_change: bool = False,
        idempotency_key: str = "",
        extra_query: tuple[tuple[str, str], ...] = (),
    ) -> JsonObject:
        return await self.server.call(
            self.tool,
            {**self.arguments.part("body", values), **self.fixed},
            pinned=self.pinned,
            seconds=self.timeout,
            may_change=may_change,
            idempotency_key=idempotency_key,
        )


def _declared(entry: McpTool, pins: Pins, server: McpServer, manifest: Path) -> Declared:
    name, rule = entry.manifest.name, entry.mcp
    pinned = pins.tools.get(rule.tool)
    if pinned is None:
        known = ", ".join(sorted(pins.tools)) or "none"
        says = f"{rule.tool!r} is not pinned; pinned are: {known}. Look at it with 'autopilot tools pin {manifest}'"
        raise SourceError(str(manifest), f"{name}: mcp.tool", says)
    schema = pinned.get("inputSchema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise SourceError(str(lock_of(manifest)), rule.tool, "takes no object; such a tool cannot be used")
    schema = {"properties": {}, **schema}
    document = Document(str(lock_of(manifest)), {"paths": {}, **schema})
    operation = Operation(id=rule.tool, method="POST", path="", parameters=(), body=schema, body_required=True)
    hidden = frozenset(rule.fixed)
    bound = _BoundTool(
        arguments=arguments_of(document, operation, hidden=hidden, bounds=entry.manifest.bounds),
        server=server,
        tool=rule.tool,
        pinned=pinned,
        fixed=rule.fixed,
        timeout=entry.manifest.timeout_seconds,
    )
    return Declared(manifest=entry.manifest, operation=bound, rules=rule)
