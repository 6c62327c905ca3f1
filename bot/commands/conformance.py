"""The conformance suite over the tools of one source, as they are connected here."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from bot import settings
from bot.commands.asked import Asked
from bot.commands.loaded import means
from bot.packages import packages
from bot.private_files import private_files
from bot.settings import Settings
from policy.types import Tier
from tools.conformance.suite import State, Suite, context_of
from tools.conformance.verdicts import Tried
from tools.contract import Tool
from tools.errors import UnknownTool
from tools.sources.loading import load_manifest, load_packages, tokens_of


async def tried_on(source: Path | str, asked: Asked, config: Settings) -> Sequence[Tried]:
    """What was tried of this source's tools.

    Raises:
        SourceError: it cannot be used here, for instance because its token is not set.
        UnknownTool: `--state` names no read tool of it.
    """
    environ = settings.environment()
    async with means(environ, private_files(config)) as given:
        if isinstance(source, str):
            found = load_packages(packages(config, [source]), given.closing)
        else:
            found = await load_manifest(source, given)
        tools = {tool.name: tool for tool in found}
        tokens = [] if isinstance(source, str) else tokens_of(source)
        suite = Suite(
            tools=tools,
            state=_state(tools, asked.state) if asked.state else None,
            secrets=[environ.get(token, "") for token in tokens],
            changes=asked.changes,
            irreversible=asked.irreversible,
        )
        return await suite.run()


def _state(tools: Mapping[str, Tool], names: Sequence[str]) -> State:
    reads = {name for name, tool in tools.items() if tool.manifest.tier is Tier.READ and tool.manifest.examples}
    for name in names:
        if name not in reads:
            raise UnknownTool(name, reads)

    async def look() -> JsonValue:
        seen: dict[str, JsonValue] = {}
        for name in names:
            tool = tools[name]
            args = tool.arguments.model_validate(dict(tool.manifest.examples[0].input))
            seen[name] = await tool.run(args, context_of("state"))
        return seen

    return look
