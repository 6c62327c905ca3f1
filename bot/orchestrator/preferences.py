"""Changes of what admins set, each on the record. What makes the bot freer or more talkative is asked about first."""

from dataclasses import asdict, dataclass

from policy.people import People
from storage import audit, channels
from storage.channels import WORKSPACE, ChannelSettings, InForce, Mode, over
from storage.db import Database

AUTONOMY = {
    0: "observe: reads only, proposes nothing",
    1: "suggest: every change waits for approval",
    2: "runs reversible changes alone where the policy allows it",
    3: "as 2, and irreversible ones with approval",
    4: "the policy's table decides",
}
"""what each cap means for a channel"""


@dataclass(frozen=True, kw_only=True)
class Admins:
    """Who may change settings: the workspace's own admins, and members of the groups that operators name."""

    people: People
    groups: tuple[str, ...]

    async def may_change_settings(self, tenant: str, user: str) -> bool:
        actor = await self.people.actor(tenant, user)
        return actor is not None and not actor.is_bot and (actor.is_admin or bool(actor.groups & set(self.groups)))


@dataclass(frozen=True, kw_only=True)
class Saved:
    """Done; what holds now."""

    now: InForce


@dataclass(frozen=True, kw_only=True)
class NotAllowed:
    """The person is no admin."""


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """Nothing was changed yet: what it would mean, one sentence each."""

    means: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """New settings of one channel (or, with channel "", of the workspace), as a person typed them."""

    tenant: str
    channel: str
    who: str
    settings: ChannelSettings
    confirmed: bool = False


async def change(db: Database, admins: Admins, wanted: Wanted) -> Saved | NotAllowed | Confirm:
    """Replace the settings of a channel when the person may, and has confirmed what is dangerous."""
    if not await admins.may_change_settings(wanted.tenant, wanted.who):
        return NotAllowed()
    async with db.write() as tx:
        own, workspace = await channels.rows(tx, wanted.tenant, wanted.channel)
        if wanted.channel == WORKSPACE:
            before, after = over(own, ChannelSettings()), over(wanted.settings, ChannelSettings())
        else:
            before, after = over(own, workspace), over(wanted.settings, workspace)
        means = dangers(before, after)
        if means and not wanted.confirmed:
            return Confirm(means=means)
        if own != wanted.settings:
            await channels.put(tx, wanted.tenant, wanted.channel, wanted.settings, by=wanted.who)
            await audit.append(
                tx,
                wanted.tenant,
                "ops.settings.changed",
                body={
                    "who": wanted.who,
                    "channel": wanted.channel or "(workspace)",
                    "before": asdict(own),
                    "after": asdict(wanted.settings),
                    "confirmed": wanted.confirmed,
                },
            )
    return Saved(now=after)


def dangers(before: InForce, after: InForce) -> tuple[str, ...]:
    """What a change lets the bot do that it did not do before."""
    found = []
    if after.autonomy > before.autonomy and after.autonomy >= 2:
        found.append(f"The autonomy cap rises from {before.autonomy} to {after.autonomy}: {AUTONOMY[after.autonomy]}.")
    if before.local_only and not after.local_only:
        found.append("What is said here may be sent to the agent's cloud provider again.")
    levels = ("public", "internal", "confidential")
    if levels.index(after.hears) > levels.index(before.hears):
        found.append(f"Everybody in this channel may then be told what is {after.hears}.")
    if after.mode is not before.mode and after.mode is Mode.EVERY:
        found.append("I read every message that starts a thread here and answer it without being spoken to.")
    if after.mode is not before.mode and after.mode is Mode.BOTS:
        found.append("I answer what other apps post here without being spoken to.")
    if after.mode is not Mode.MENTIONS and before.words and not after.words:
        found.append("Without filter words I answer all of it.")
    if after.prompt != before.prompt and after.prompt:
        found.append("The added instructions become part of every task of this channel; policy still decides.")
    return tuple(found)
