"""The manifest of an MCP server: how to reach it, and which of its tools may be used as what.

Nothing a server says about its own tools decides anything here: a tool that is not listed does not exist, and its tier
is what the manifest says; without one it is irreversible.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from tools.manifest import Cel, ToolManifest
from tools.sources.declared_rules import LookRule, UndoRule, VerifyRule
from tools.sources.errors import SourceError
from tools.sources.manifest_file import entries, valid
from tools.sources.mcp_oauth import OAuth
from tools.sources.openapi_manifest import Auth


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class McpHeader(_Strict):
    """One server: a program to start, or a URL."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    owner: str
    env: str = "prod"
    command: tuple[str, ...] = ()
    """stdio: the program and its arguments; started when first needed"""
    folder: str = ""
    """its working directory, which it may read; empty: an empty one of its own, which it may write to"""
    path: tuple[str, ...] = ("/usr/local/bin", "/usr/bin", "/bin")
    reads: tuple[str, ...] = ()
    """stdio: files and folders it may read, besides the system's own, those of `path:` and what `command:` names"""
    writes: tuple[str, ...] = ()
    """stdio: files and folders it may read and write"""
    files: Literal["declared", "host"] = "declared"
    """host: it opens whatever the bot's user may, for machines without Landlock"""
    network: Literal["declared", "host"] = "declared"
    """host: a program reaches the network without `egress:`, for machines without network namespaces"""
    memory_mb: int = Field(default=1_024, ge=16)
    """stdio: of memory that it can write to"""
    environment: Mapping[str, str] = {}
    pass_environment: tuple[str, ...] = ()
    """variables of the bot that the program gets too"""
    url: str = ""
    """streamable HTTP"""
    url_env: str = ""
    """an environment variable that says another URL; its host must be in `egress` too"""
    auth: Auth | None = None
    oauth: OAuth | None = None
    """client credentials, instead of `auth`"""
    egress: tuple[str, ...] = ()
    """hosts, or host:port: that of `url`, or those a program talks to; without any it has no network"""

    @model_validator(mode="after")
    def _one_way(self) -> "McpHeader":
        if bool(self.command) == bool(self.url):
            raise ValueError("needs either `command:` or `url:`")
        if self.url and not self.egress:
            raise ValueError("needs `egress:` with the host of `url:`")
        if self.oauth and (self.auth or not self.url):
            raise ValueError("has either `auth:` or `oauth:`, and `oauth:` goes with `url:`")
        return self


class McpRule(_Strict):
    """Which tool of the server a tool is."""

    tool: str
    fixed: Mapping[str, JsonValue] = {}
    """arguments that are always sent with this value and are no arguments here"""
    result: Cel | None = None
    finding: Cel | None = None
    preview: LookRule | None = None
    undo: UndoRule | None = None
    verify: VerifyRule | None = None


class McpTool(_Strict):
    manifest: ToolManifest
    mcp: McpRule


class McpManifest(_Strict):
    """A whole manifest file."""

    mcp: McpHeader
    tools: tuple[McpTool, ...]


def read_mcp_manifest(path: Path) -> McpManifest:
    """The manifest in a file. Owner and egress of a tool are the server's unless it says otherwise.

    Raises:
        SourceError: it cannot be read, or says something it must not.
    """
    raw, tools = entries(path, "mcp")
    header = valid(McpHeader, raw, path, "mcp")
    return McpManifest(mcp=header, tools=tuple(_tool(one, i, header, path) for i, one in enumerate(tools)))


def _tool(entry: Any, index: int, header: McpHeader, path: Path) -> McpTool:
    place = f"tools[{index}]"
    if not isinstance(entry, dict) or "mcp" not in entry:
        raise SourceError(str(path), place, "must be a mapping with a block `mcp:` that names the server's tool")
    place = f"{place} {entry.get('name', '(no name)')}"
    declared = {"owner": header.owner, "egress": header.egress, **{k: v for k, v in entry.items() if k != "mcp"}}
    return McpTool(
        manifest=valid(ToolManifest, declared, path, place), mcp=valid(McpRule, entry["mcp"], path, f"{place}: mcp")
    )
