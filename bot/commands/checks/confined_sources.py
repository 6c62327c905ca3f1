"""Programs the bot starts for tools: can this machine keep them off the network, and from files that are not theirs?"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.settings import Settings
from tools.sources.confined import cannot_hide_files, cannot_leave_network, forgets_truncation
from tools.sources.manifest_file import kind_of
from tools.sources.mcp_manifest import read_mcp_manifest
from tools.sources.shell_manifest import read_shell_manifest

NETWORK = "allow unprivileged user namespaces (sysctl user.max_user_namespaces; in a container its seccomp profile)"
FILES = "use a kernel with Landlock (Linux 5.13 or newer; a container's seccomp profile must allow it)"


@dataclass(frozen=True, kw_only=True)
class _Programs:
    """Those of one source."""

    check: str
    network: bool
    """they are to be kept off it"""
    files: bool
    """they are to see only some"""
    accept_network: str
    accept_files: str


async def check(source: Path | str, config: Settings) -> list[Finding]:
    """What holds for the programs of this source; nothing when it starts none."""
    if (programs := _of(source, config)) is None:
        return []
    return [await asyncio.to_thread(_network, programs), await asyncio.to_thread(_files, programs)]


def _of(source: Path | str, config: Settings) -> _Programs | None:
    if isinstance(source, str):
        return _Programs(
            check=f"package {source}",
            network=config.tool_network == "declared",
            files=config.tool_files == "declared",
            accept_network="AUTOPILOT_TOOL_NETWORK=host",
            accept_files="AUTOPILOT_TOOL_FILES=host",
        )
    match kind_of(source):
        case "shell":
            shell = read_shell_manifest(source).shell
            network, files, check = shell.network, shell.files, f"commands {source.name}"
        case "mcp" if (mcp := read_mcp_manifest(source).mcp).command:
            network, files, check = mcp.network, mcp.files, f"server {source.name}"
        case _:
            return None
    return _Programs(
        check=check,
        network=network == "declared",
        files=files == "declared",
        accept_network="`network: host`",
        accept_files="`files: host`",
    )


def _network(programs: _Programs) -> Finding:
    check = f"{programs.check}: network"
    if not programs.network:
        fix = f"declare `egress:` and leave out {programs.accept_network}"
        return open_(check, "reaches the network whether or not it declares so", fix)
    return _held(
        check,
        cannot_leave_network,
        "has no network unless it declares `egress:`",
        "without `egress:` it is refused: nothing keeps it off the network",
        f"{NETWORK}, declare `egress:`, or accept it with {programs.accept_network}",
    )


def _files(programs: _Programs) -> Finding:
    check = f"{programs.check}: files"
    if not programs.files:
        fix = f"declare `reads:` and `writes:` and leave out {programs.accept_files}"
        return open_(check, "opens every file that the bot's user may, the bot's own among them", fix)
    held = "opens no files but the system's, its own and those declared"
    return _held(
        check,
        cannot_hide_files,
        held + ("; before Linux 6.2 it could still empty others" if forgets_truncation() else ""),
        "is refused: nothing hides files from it",
        f"{FILES}, or accept it with {programs.accept_files}",
    )


def _held(check: str, why_not: Callable[[], str], held: str, refused: str, fix: str) -> Finding:
    if why := why_not():
        return broken(check, f"{refused} ({why})", fix)
    return ok(check, held)
