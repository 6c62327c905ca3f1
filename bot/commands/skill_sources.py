"""Where commands about skills get tools, skills and what was learned; nothing is called."""

from pathlib import Path

from bot import tooling
from bot.commands.loaded import load_file, load_registry
from bot.settings import Settings
from storage import skill_runs
from storage.db import Database
from storage.migrate import current, head
from storage.row_security import EVERYTHING
from storage.skill_runs import Learned
from tools.contract import Tool
from tools.playbooks.library import SHIPPED, Library, find
from tools.postgres.box import postgres_tools


async def shipped() -> dict[str, Tool]:
    """Every tool that ships, whatever is configured here."""
    services = [await load_file(manifest) for manifest in (tooling.SHOP, tooling.PRODUCT)]
    found = [tool for service in services for tool in service.tools]
    return {tool.name: tool for tool in (*found, *postgres_tools("postgresql://op@db/x", env="prod", bots_url=""))}


async def shipped_and_configured(config: Settings) -> dict[str, Tool]:
    """The tools that are configured; those that ship where nothing of their service is."""
    here = {tool.name: tool for tool in await load_registry(config)}
    services = {name.partition(".")[0] for name in here}
    rest = {name: tool for name, tool in (await shipped()).items() if name.partition(".")[0] not in services}
    return {**rest, **here}


def library_of(config: Settings, tools: dict[str, Tool]) -> Library:
    """The skills that ship and the operator's own."""
    return find([SHIPPED, *config.skills], tools)


async def learned_here(config: Settings, terminal: Path) -> dict[str, Learned]:
    """What the bot's database knows of skills; where it knows nothing of one, what runs from the terminal say."""
    out: dict[str, Learned] = {}
    for settings in (config.model_copy(update={"home": terminal, "database_url": ""}), config):
        if settings.database.startswith("sqlite") and not (settings.home / "autopilot.db").exists():
            continue
        db = Database(settings.database, sees=EVERYTHING)
        try:
            if await current(db) == head():
                async with db.read() as tx:
                    for tenant in await skill_runs.tenants(tx):
                        out |= await skill_runs.learned(tx, tenant)
        finally:
            await db.close()
    return out
