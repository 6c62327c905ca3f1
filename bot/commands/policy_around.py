"""What the bot's own database knows that bears on a call asked about now: its channel, what is used up, what is low."""

from dataclasses import dataclass, field

from bot.commands.audit_store import chains, opened
from bot.failed import CommandFailed
from bot.settings import Settings
from policy.budgets import DAY, Spending
from policy.types import Place, Tier
from storage import channels, intents, lowerings
from storage.errors import SchemaBehind
from tools.contract import Tool
from tools.judging import history, spent
from tools.manifest import SENSITIVITIES

TENANT, CHANNEL, AGENT = "T-explained", "C-explained", "autopilot"


NOWHERE = Place(id=CHANNEL, tenant=TENANT, max_autonomy=4)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What surrounds a call; without a database, nothing."""

    place: Place = NOWHERE
    earlier: tuple[Spending, ...] = ()
    level_at_most: int = 4
    calls_1h: int = 1
    failures_1h: int = 0
    ran_before: bool = True
    notes: tuple[str, ...] = field(default=())
    """where this comes from, for people"""


async def around(config: Settings, tool: Tool, *, tenant: str, channel: str) -> Around:
    """What the record says of this tool in this workspace and channel, now.

    Raises:
        CommandFailed: a workspace or channel is named, and there is no record to look it up in.
    """
    try:
        async with opened(config.database) as db:
            known = [name for name, _seq, _hash in await chains(db, tenant)]
            if len(known) != 1:
                raise CommandFailed(f"the record has the workspaces {', '.join(known) or 'none'}; say --tenant")
            [of] = known
            async with db.read() as tx:
                here = await channels.in_force(tx, of, channel)
                changes = await intents.changes_since(tx, of, "", DAY)
                at_most = (
                    await lowerings.at_most(tx, of, AGENT, tool.name) if tool.manifest.tier is not Tier.READ else 4
                )
                _now, calls, failures, ever = await history(tx, of, tool.name)
    except (CommandFailed, SchemaBehind) as error:
        if tenant or channel:
            raise
        return Around(notes=(f"without the bot's record: {error}",))
    return Around(
        place=Place(
            id=channel or CHANNEL,
            tenant=of,
            max_autonomy=here.autonomy,
            hears=SENSITIVITIES.index(here.hears),
        ),
        earlier=tuple(map(spent, changes)),
        level_at_most=at_most,
        calls_1h=calls + 1,
        failures_1h=failures,
        ran_before=ever,
        notes=(
            f"by the record of {of}: {len(changes)} changes in a day, {calls} calls of {tool.name} in an hour",
            *([f"channel {channel}: level {here.autonomy} at most"] if channel and here.autonomy < 4 else []),
            *([f"{tool.name} was lowered to level {at_most} by itself"] if at_most < 4 else []),
        ),
    )
