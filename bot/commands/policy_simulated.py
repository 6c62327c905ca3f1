"""`autopilot policy simulate`: reads the ledger, replays it, and puts it in words."""

import re
from pathlib import Path

from bot.commands.audit_store import chains, opened
from bot.commands.loaded import load_registry
from bot.commands.policy_replay import Replayed, lines, recorded, replay, summary
from bot.settings import Settings
from bot.terminal import list_people
from policy.cedar import DEFAULT_RULES, PolicyEngine

_SPAN = re.compile(r"([1-9]\d{0,4})([hd])")
_SECONDS = {"h": 3600.0, "d": 86_400.0}


class BadSpan(ValueError):
    """A span of time is not written like 30d or 12h."""


async def simulated(config: Settings, folder: Path, since: str, tenant: str) -> list[str]:
    """What to print.

    Raises:
        BadSpan: `since` is none.
        PolicyError: the candidate rules, or today's, do not load.
        CommandFailed: there is no database.
    """
    span = _SPAN.fullmatch(since.strip())
    if span is None:
        raise BadSpan(f"{since!r} is no span of time; write 30d or 12h")
    seconds = int(span[1]) * _SECONDS[span[2]]
    registry = await load_registry(config)
    candidate = PolicyEngine.load(folder, registry.actions(), config.groups, second_factor=config.second_factor)
    folder_now = config.policy_dir or DEFAULT_RULES
    today = PolicyEngine.load(folder_now, registry.actions(), config.groups, second_factor=config.second_factor)
    assumed = frozenset(config.groups)
    known = list_people.load(config.people_file, otherwise="").groups_of if config.people_file else assumed
    found: list[Replayed] = []
    async with opened(config.database) as db:
        async with db.read() as tx:
            begin = await tx.time() - seconds
        for name, _seq, _hash in await chains(db, tenant):
            found += replay(await recorded(db, name, begin), registry, today, candidate, known)
    said = [*lines(found, config.console), f"since {since}: {summary(found)}"]
    if not config.people_file:
        said.append("  people's groups of that time are not recorded; assumed: everybody is in every group")
    return said
