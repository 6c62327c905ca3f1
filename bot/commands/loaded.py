"""Tools as commands look at them: as declared, whether or not their tokens are set here. Nothing is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot import settings, wiring
from bot.settings import Settings
from tools.contract import Tool
from tools.registry import Registry
from tools.sources.openapi import load_openapi_source
from tools.sources.openapi_manifest import HttpManifest, read_manifest


@dataclass(frozen=True, kw_only=True)
class LoadedManifest:
    """One manifest with its tools."""

    file: Path
    declared: HttpManifest
    tools: tuple[Tool, ...]
    missing_token: str = ""
    """the variable that must be set before the tools can run; "" when it is"""


def manifests(config: Settings) -> tuple[Path, ...]:
    """The configured manifests; without any, the sample shop's."""
    return config.manifests or (wiring.SHOP,)


async def load_manifest(file: Path) -> LoadedManifest:
    """The manifest and its document, checked against each other.

    Raises:
        SourceError: they cannot be used; the message names the file and the place.
    """
    declared = read_manifest(file)
    environ: Mapping[str, str] = settings.environment()
    missing = ""
    if (auth := declared.service.auth) is not None and not environ.get(auth.token_env):
        missing = auth.token_env
        environ = {**environ, auth.token_env: "not-set"}  # only so that everything else can be checked
    async with httpx.AsyncClient() as client:
        found = await load_openapi_source(file, environ=environ, client=client)
    return LoadedManifest(file=file, declared=declared, tools=tuple(found), missing_token=missing)


async def load_registry(config: Settings) -> Registry:
    """All tools of all manifests.

    Raises:
        SourceError: a manifest cannot be used.
        DuplicateTool: two manifests declare the same name.
    """
    return Registry([tool for file in manifests(config) for tool in (await load_manifest(file)).tools])
