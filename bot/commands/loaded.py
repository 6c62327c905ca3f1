"""Tools as commands look at them: as declared, whether or not their tokens are set here. Nothing is called."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bot import settings, tooling
from bot.packages import packages
from bot.private_files import private_files
from bot.settings import Settings
from tools.contract import Tool
from tools.registry import Registry
from tools.sources.loading import Means, load_manifest, load_packages, tokens_of


@dataclass(frozen=True, kw_only=True)
class LoadedSource:
    """One manifest or package with its tools."""

    name: str
    """the file, or the package"""
    tools: tuple[Tool, ...]
    missing_tokens: tuple[str, ...] = ()
    """the variables that must be set before the tools can run"""

    @property
    def source(self) -> str:
        return ", ".join(sorted({tool.source for tool in self.tools})) or "no source"


def manifests(config: Settings) -> tuple[Path, ...]:
    """The manifests that the bot has with these settings; without any tools at all, the sample shop's."""
    return tooling.manifests(config) or (
        () if config.tool_packages or config.operator_database_url else (tooling.SHOP,)
    )


@contextlib.asynccontextmanager
async def means(environ: Mapping[str, str], private: Sequence[str] = ()) -> AsyncIterator[Means]:
    """What sources need for one command, closed afterwards."""
    async with contextlib.AsyncExitStack() as closing:
        client = await closing.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
        yield Means(environ=environ, client=client, closing=closing, private=private)


async def load_source(source: Path | str, config: Settings) -> LoadedSource:
    """A manifest file with all it needs, or the package of a name, checked.

    Raises:
        SourceError: it cannot be used; the message names the place.
    """
    if isinstance(source, str):
        async with contextlib.AsyncExitStack() as closing:
            return LoadedSource(name=source, tools=tuple(load_packages(packages(config, [source]), closing)))
    return await load_file(source, private_files(config))


async def load_file(source: Path, private: Sequence[str] = ()) -> LoadedSource:
    """A manifest with all it needs, checked.

    Raises:
        SourceError: it cannot be used; the message names the place.
    """
    environ = settings.environment()
    missing = tuple(token for token in tokens_of(source) if not environ.get(token))
    # Filled in only so that everything else can be checked.
    async with means({**environ, **dict.fromkeys(missing, "not-set")}, private) as given:
        found = await load_manifest(source, given)
    return LoadedSource(name=str(source), tools=tuple(found), missing_tokens=missing)


def sources_of(config: Settings) -> Sequence[Path | str]:
    """Everything that is configured."""
    return [*manifests(config), *config.tool_packages]


async def load_registry(config: Settings) -> Registry:
    """All tools of all sources.

    Raises:
        SourceError: one cannot be used.
        DuplicateTool: two declare the same name.
    """
    found = [tool for source in sources_of(config) for tool in (await load_source(source, config)).tools]
    return Registry([*found, *tooling.operator_tools(config)])
