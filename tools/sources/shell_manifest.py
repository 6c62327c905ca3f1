"""The manifest of commands: which program each tool is, what its arguments may be, and what its exit codes mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tools.manifest import Cel, ToolManifest
from tools.sources.declared_rules import LookRule, UndoRule, VerifyRule
from tools.sources.errors import SourceError
from tools.sources.manifest_file import entries, valid


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShellHeader(_Strict):
    """Where the commands of this file run."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    owner: str
    env: str = "prod"
    path: tuple[str, ...] = ("/usr/local/bin", "/usr/bin", "/bin")
    """where programs are looked for; the bot's own PATH is not used"""
    folder: str = ""
    """the working directory, which they may read; empty: an empty one for each run, which they may write to"""
    reads: tuple[str, ...] = ()
    """files and folders they may read, besides the system's own, those of `path:` and what `argv:` names"""
    writes: tuple[str, ...] = ()
    """files and folders they may read and write"""
    files: Literal["declared", "host"] = "declared"
    """host: they open whatever the bot's user may, for machines without Landlock"""
    environment: Mapping[str, str] = {}
    """variables the programs get"""
    pass_environment: tuple[str, ...] = ()
    """variables of the bot that the programs get too; everything else of it stays hidden"""
    network: Literal["declared", "host"] = "declared"
    """declared: only tools with `egress:` reach the network; host: all do, for machines without network namespaces"""
    memory_mb: int = Field(default=512, ge=16)
    """most that one program may reserve"""
    file_mb: int = Field(default=64, ge=0)
    """most that it may write into one file"""


class ShellArgument(_Strict):
    """What one argument may be."""

    type: Literal["text", "number", "yes_no"] = "text"
    about: str = ""
    pattern: str | None = None
    """text: a regular expression for the whole of it"""
    one_of: tuple[str | int, ...] | None = None
    min: int | None = None
    max: int | None = None
    default: JsonValue = None
    optional: bool = False
    dash: bool = False
    """it may begin with "-"; otherwise such a value could be read as an option of the program. A number with a `min`
    or `one_of` below 0 may, too"""


class ExitRule(_Strict):
    """What an exit code means."""

    means: Literal["ran", "refused", "failed"]
    """ran: as 0. refused: nothing happened. failed: something may have happened, if the tool changes anything"""
    says: str = ""


class CommandRule(_Strict):
    """Which program a tool is."""

    argv: tuple[str, ...] = Field(min_length=1)
    """each one stays one argument; "{name}" in it stands for an argument's value. Never read by a shell"""
    arguments: Mapping[str, ShellArgument] = {}
    stdin: str = ""
    """text for standard input; "{name}" as in argv"""
    output: Literal["text", "json", "lines"] = "text"
    exits: Mapping[int, ExitRule] = {}
    """what codes other than 0 mean; the others are failures"""
    result: Cel | None = None
    finding: Cel | None = None
    preview: LookRule | None = None
    undo: UndoRule | None = None
    verify: VerifyRule | None = None


class ShellTool(_Strict):
    manifest: ToolManifest
    command: CommandRule


class ShellManifest(_Strict):
    """A whole manifest file."""

    shell: ShellHeader
    tools: tuple[ShellTool, ...]


def read_shell_manifest(path: Path) -> ShellManifest:
    """The manifest in a file. The owner of a tool is the file's unless it says otherwise.

    Raises:
        SourceError: it cannot be read, or says something it must not.
    """
    raw, tools = entries(path, "shell")
    header = valid(ShellHeader, raw, path, "shell")
    return ShellManifest(shell=header, tools=tuple(_tool(one, i, header, path) for i, one in enumerate(tools)))


def _tool(entry: Any, index: int, header: ShellHeader, path: Path) -> ShellTool:
    place = f"tools[{index}]"
    if not isinstance(entry, dict) or "command" not in entry:
        raise SourceError(str(path), place, "must be a mapping with a block `command:` that names the program")
    place = f"{place} {entry.get('name', '(no name)')}"
    declared = {"owner": header.owner, **{k: v for k, v in entry.items() if k != "command"}}
    return ShellTool(
        manifest=valid(ToolManifest, declared, path, place),
        command=valid(CommandRule, entry["command"], path, f"{place}: command"),
    )
