"""Every source of tools behind one door: a manifest file says by its first key what it is; a package has a name.

A source is imported when a manifest asks for it, so that a bot holds only the code it uses.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.contract import Tool
from tools.sources.confined import Files
from tools.sources.manifest_file import kind_of
from tools.sources.openapi import load_openapi_source
from tools.sources.openapi_manifest import read_manifest


@dataclass(frozen=True, kw_only=True)
class Means:
    """What sources work with."""

    environ: Mapping[str, str]
    client: httpx.AsyncClient
    closing: AsyncExitStack
    """sources that keep something open put it here"""
    own: frozenset[str] = frozenset()
    """host:port of our own API, which no manifest may point at"""
    private: Sequence[str] = ()
    """our own files, which no program sees, whatever its manifest says"""


@dataclass(frozen=True, kw_only=True)
class Packages:
    """Installed packages with tools, and what they are given."""

    names: Sequence[str] = ()
    environ: Mapping[str, Mapping[str, str]]
    """what each sees of the environment, beside a PATH"""
    host_network: bool = False
    """they keep the network, whether or not they declare `egress`"""
    files: Mapping[str, Files | None]
    """what each may open besides its code; None: whatever the bot's user may"""


async def load_tools(manifests: Sequence[Path], means: Means) -> list[Tool]:
    """The tools of every manifest.

    Raises:
        SourceError: one of them cannot be used.
    """
    return [tool for file in manifests for tool in await load_manifest(file, means)]


def load_packages(packages: Packages, closing: AsyncExitStack) -> list[Tool]:
    """The tools of installed Python packages, each in a process of its own that ends with `closing`.

    Raises:
        SourceError: one of them cannot be used.
    """
    if not packages.names:
        return []
    from tools.sources.python_source import load_python_source

    found: list[Tool] = []
    for name in packages.names:
        found += load_python_source(
            name,
            closing,
            environ=packages.environ.get(name, {}),
            host_network=packages.host_network,
            files=packages.files[name],
        )
    return found


async def load_manifest(file: Path, means: Means) -> list[Tool]:
    """The tools of one manifest.

    Raises:
        SourceError: it cannot be used.
    """
    match kind_of(file):
        case "service":
            return await load_openapi_source(file, environ=means.environ, client=means.client, own=means.own)
        case "shell":
            from tools.sources.shell import load_shell_source

            return load_shell_source(file, environ=means.environ, private=means.private)
        case "mcp":
            from tools.sources.mcp_source import load_mcp_source

            return load_mcp_source(file, environ=means.environ, closing=means.closing, private=means.private)
        case "observability":
            from tools.observability.source import load_observability

            return load_observability(file, environ=means.environ, client=means.client)


def tokens_of(file: Path) -> list[str]:
    """The variables that hold this manifest's secrets, as far as can be told.

    Raises:
        SourceError: it cannot be read.
    """
    match kind_of(file):
        case "service":
            auth = read_manifest(file).service.auth
            return [auth.token_env] if auth else []
        case "shell":
            from tools.sources.shell_manifest import read_shell_manifest

            return list(read_shell_manifest(file).shell.pass_environment)
        case "mcp":
            from tools.sources.mcp_manifest import read_mcp_manifest

            header = read_mcp_manifest(file).mcp
            own = [header.oauth.client_id_env, header.oauth.client_secret_env] if header.oauth else []
            return [*header.pass_environment, *([header.auth.token_env] if header.auth else []), *own]
        case "observability":
            from tools.observability.declared import read_observability

            return [one.token_env for one in read_observability(file).services().values() if one.token_env]
