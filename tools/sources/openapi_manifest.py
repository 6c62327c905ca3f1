"""The manifest of an HTTP service: who it is, and for each tool which operation it is and how it is checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.manifest import Cel, ToolManifest, ToolName
from tools.sources.errors import SourceError
from tools.sources.manifest_file import entries, valid


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Auth(_Strict):
    """The header that carries the service's token. No model and no argument ever sees it."""

    header: str = "Authorization"
    prefix: str = "Bearer "
    token_env: str
    """name of the environment variable that holds the token"""


class ServiceHeader(_Strict):
    """One service behind the tools of this file."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    owner: str
    env: str = "prod"
    base_url: str
    base_url_env: str | None = None
    """an environment variable that says another base URL; its host must be in `egress` too"""
    openapi: str
    """URL, or a file beside the manifest: then the tools are there while the service is down"""
    auth: Auth | None = None
    egress: tuple[str, ...]
    """hosts, or host:port"""


class PreviewRule(_Strict):
    """How a write is looked at before it happens: its own dry run, or another operation that reads the state."""

    dry_run: str | None = None
    """the boolean query parameter that turns the write into a dry run"""
    operation: str | None = None
    args: Mapping[str, Cel] = {}
    """of `operation`; sees `args`"""
    before: Cel = "result.before"
    """sees `args`, `result` (what the look gave). State only: a value that moves by itself makes every call drift"""
    changes: Cel = "result.changes"
    """a list of {label, before, after}"""
    counted: Cel = "result.impact.counted"
    """a list of {count, unit, of?}"""


class UndoRule(_Strict):
    """The call that takes it back."""

    tool: ToolName
    args: Mapping[str, Cel]
    """sees `args`, `before`"""
    when: Cel = "true"
    """sees `args`, `before`; false: there is nothing to take back"""


class VerifyRule(_Strict):
    """How a change is seen to have taken."""

    operation: str
    args: Mapping[str, Cel] = {}
    """sees `args`, `before`"""
    holds: Cel
    """sees `args`, `before`, `result` (what `operation` gave)"""
    says: Cel
    """one sentence for people; sees the same"""


class HttpRule(_Strict):
    """Which operation a tool is."""

    operation: str
    fixed: Mapping[str, JsonValue] = {}
    """parameters that are always sent with this value and are no arguments"""
    arguments: Mapping[str, JsonValue] = {}
    """with `body`: the tool's own arguments besides path and query, each a JSON Schema (or with `optional: true`)"""
    body: Cel | None = None
    """the body, where it is not simply the arguments; sees `args` and `key` (this call's idempotency key)"""
    safe: bool = False
    """a read tool on an operation that is not GET says here that it changes nothing"""
    result: Cel | None = None
    """the output; sees `args`, `result`"""
    finding: Cel | None = None
    """what a read found, one line; sees `args`, `result`"""
    preview: PreviewRule | None = None
    undo: UndoRule | None = None
    verify: VerifyRule | None = None


class HttpTool(_Strict):
    """One tool of the file: what it declares, and which operation it is."""

    manifest: ToolManifest
    http: HttpRule


class HttpManifest(_Strict):
    """A whole manifest file."""

    service: ServiceHeader
    tools: tuple[HttpTool, ...]


def read_manifest(path: Path) -> HttpManifest:
    """The manifest in a file. Owner and egress of a tool are the service's unless it says otherwise.

    Raises:
        SourceError: it cannot be read, or says something it must not.
    """
    header, tools = entries(path, "service")
    service = valid(ServiceHeader, header, path, "service")
    return HttpManifest(service=service, tools=tuple(_tool(entry, i, service, path) for i, entry in enumerate(tools)))


def _tool(entry: Any, index: int, service: ServiceHeader, path: Path) -> HttpTool:
    place = f"tools[{index}]"
    if not isinstance(entry, dict) or "http" not in entry:
        raise SourceError(str(path), place, "must be a mapping with a block `http:` that names the operation")
    place = f"{place} {entry.get('name', '(no name)')}"
    declared = {"owner": service.owner, "egress": service.egress, **{k: v for k, v in entry.items() if k != "http"}}
    return HttpTool(
        manifest=valid(ToolManifest, declared, path, place),
        http=valid(HttpRule, entry["http"], path, f"{place}: http"),
    )
