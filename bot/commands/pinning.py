"""What an MCP server offers now, and how that differs from what was agreed to."""

import difflib
import json
from collections.abc import Sequence
from pathlib import Path

from bot import settings
from tools.contract import JsonObject
from tools.sources.mcp_manifest import read_mcp_manifest
from tools.sources.mcp_pins import Pins
from tools.sources.mcp_source import server_of

PATIENCE = 30.0


async def look(manifest: Path, private: Sequence[str] = ()) -> Pins:
    """Every tool of the server, as it declares them at this moment.

    Raises:
        SourceError: the manifest or its settings cannot be used.
        ToolFailed: the server cannot be reached.
    """
    server = server_of(read_mcp_manifest(manifest).mcp, manifest, settings.environment(), private)
    try:
        return await server.tools(seconds=PATIENCE)
    finally:
        await server.close()


def shown(before: JsonObject | None, now: JsonObject | None) -> str:
    """The difference, line by line; control characters a server may have put in are shown as what they are."""
    lines = difflib.unified_diff(_lines(before), _lines(now), lineterm="", n=2)
    return "\n".join(f"  {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def _lines(definition: JsonObject | None) -> list[str]:
    return json.dumps(definition, indent=1, sort_keys=True).splitlines() if definition is not None else []
