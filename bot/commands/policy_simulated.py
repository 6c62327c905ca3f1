"""`autopilot policy simulate`: reads the ledger, replays it, and puts it in words."""

import re
from pathlib import Path

from bot.commands.audit_store import chains, opened
from bot.commands.loaded import load_registry
from bot.commands.policy_replay import Replayed, Side, channel_levels, lines, recorded, replay, summary
from bot.settings import Settings
from bot.terminal import list_people
from policy.autonomy import DEFAULT_TABLE as DEFAULT_AUTONOMY
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.risk import DEFAULT_TABLE as DEFAULT_RISKS
from policy.risk import RiskTable

_SPAN = re.compile(r"([1-9]\d{0,4})([hd])")
_SECONDS = {"h": 3600.0, "d": 86_400.0}


class BadSpan(ValueError):
    """A span of time is not written like 30d or 12h."""


async def simulated(config: Settings, folder: Path, since: str, tenant: str, autonomy: Path | None = None) -> list[str]:
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
    table_now = config.autonomy_file or DEFAULT_AUTONOMY
    risks = RiskTable.load(config.risk_file or DEFAULT_RISKS)
    specs, factor = registry.actions(), config.second_factor
    today = Side(
        engine=PolicyEngine.load(config.policy_dir or DEFAULT_RULES, specs, config.groups, second_factor=factor),
        autonomy=AutonomyTable.load(table_now),
        risks=risks,
    )
    candidate = Side(
        engine=PolicyEngine.load(folder, specs, config.groups, second_factor=factor),
        autonomy=AutonomyTable.load(autonomy or table_now),
        risks=risks,
    )
    assumed = frozenset(config.groups)
    known = list_people.load(config.people_file, otherwise="").groups_of if config.people_file else assumed
    found: list[Replayed] = []
    async with opened(config.database) as db:
        async with db.read() as tx:
            begin = await tx.time() - seconds
        for name, _seq, _hash in await chains(db, tenant):
            calls = await recorded(db, name, begin)
            places = await channel_levels(db, name, calls)
            found += replay(calls, registry, today, candidate, known, places)
    said = [*lines(found, config.console), f"since {since}: {summary(found)}"]
    if not config.people_file:
        said.append("  people's groups of that time are not recorded; assumed: everybody is in every group")
    return said
