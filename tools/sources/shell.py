"""Tools from a manifest of commands."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.contract import Tool
from tools.sources.cel_rules import Place
from tools.sources.confined import Files, Limits
from tools.sources.declared_tool import Assembly, Declared
from tools.sources.shell_command import HOLE, BoundCommand, arguments_of
from tools.sources.shell_manifest import ShellHeader, ShellTool, read_shell_manifest


def load_shell_source(manifest: Path, *, environ: Mapping[str, str], private: Sequence[str] = ()) -> list[Tool]:
    """The tools a manifest declares. Programs are looked for when they are called: a missing one fails its calls only.
    `private` are files no program sees, whatever the manifest says.

    Raises:
        SourceError: the manifest cannot be used.
    """
    declared = read_shell_manifest(manifest)
    header = declared.shell
    given = {name: environ[name] for name in header.pass_environment if name in environ}
    clean = {"PATH": ":".join(header.path), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **header.environment, **given}
    entries = [_declared(entry, header, clean, str(manifest), private) for entry in declared.tools]
    return Assembly(file=str(manifest), env=header.env, source=f"shell:{header.name}").tools(entries)


def _declared(
    entry: ShellTool, header: ShellHeader, environ: Mapping[str, str], file: str, private: Sequence[str]
) -> Declared:
    place = Place(file=file, place=f"{entry.manifest.name}: command")
    name = entry.command.argv[0]
    if "/" in name and not name.startswith("/"):
        raise place.at("argv").error(f"{name!r} depends on a folder; write the whole path, or a name found in `path:`")
    operation = BoundCommand(
        arguments=arguments_of(entry.manifest.name, entry.command, entry.manifest.bounds, place),
        rule=entry.command,
        program=shutil.which(name, path=":".join(header.path)) or name,
        environ=environ,
        folder=header.folder,
        timeout=entry.manifest.timeout_seconds,
        limits=Limits(
            network=bool(entry.manifest.egress) or header.network == "host",
            files=_files(header, entry.command.argv, private) if header.files == "declared" else None,
            memory_mb=header.memory_mb,
            seconds=entry.manifest.timeout_seconds,
            file_mb=header.file_mb,
        ),
    )
    return Declared(manifest=entry.manifest, operation=operation, rules=entry.command)


def _files(header: ShellHeader, argv: Sequence[str], private: Sequence[str]) -> Files:
    named = [part for part in argv if part.startswith("/") and not HOLE.search(part)]
    folder = [header.folder] if header.folder else []
    return Files(reads=(*header.path, *folder, *named, *header.reads), writes=header.writes, hidden=tuple(private))
