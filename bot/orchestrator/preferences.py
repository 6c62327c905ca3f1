"""Changes of what admins set, each on the record. What makes the bot freer or more talkative is asked about first."""

from dataclasses import asdict, dataclass

from bot.agent.lineup import Lineup, Member
from policy.people import People
from storage import audit, channels
from storage.channels import WORKSPACE, ChannelSettings, InForce, Mode, over
from storage.db import Database

AUTONOMY = {
    0: "observe: reads only, proposes nothing",
    1: "suggest: every change waits for approval",
    2: "runs reversible changes alone where the policy allows it",
    3: "runs reversible changes alone, proposes irreversible ones",
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
    """Done; what holds now, and what people should know about it."""

    now: InForce
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class WrongAgent:
    """Nothing was changed: the chosen agent cannot work there."""

    message: str


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


async def change(
    db: Database, admins: Admins, agents: Lineup, wanted: Wanted
) -> Saved | NotAllowed | Confirm | WrongAgent:
    """Replace the settings of a channel when the person may, and has confirmed what is dangerous."""
    if not await admins.may_change_settings(wanted.tenant, wanted.who):
        return NotAllowed()
    async with db.write() as tx:
        own, workspace = await channels.rows(tx, wanted.tenant, wanted.channel)
        if wanted.channel == WORKSPACE:
            before, after = over(own, ChannelSettings()), over(wanted.settings, ChannelSettings())
        else:
            before, after = over(own, workspace), over(wanted.settings, workspace)
        chosen = agents.named(after.agent)
        if wanted.settings.agent and (wrong := _cannot_work(wanted.settings.agent, chosen, after)):
            return WrongAgent(message=wrong)
        means = (*dangers(before, after), *_of_agents(agents.named(before.agent), chosen))
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
    sent = chosen is not None and chosen.sends_out and after.local_only
    note = "The agent here works at a provider, so requests end with a sentence until you choose a local one."
    return Saved(now=after, note=note if sent else "")


def _cannot_work(name: str, chosen: Member | None, after: InForce) -> str:
    """Why the chosen agent cannot work with these settings, or ""."""
    if chosen is None:
        return f"there is no agent {name!r} here; choose one of the list"
    if after.local_only and chosen.sends_out:
        return (
            f"{name!r} works at a provider ({chosen.data.in_words()}), and nothing of a local-only channel goes there; "
            "choose a local agent, or let any brain read it"
        )
    return ""


def _of_agents(before: Member | None, after: Member | None) -> tuple[str, ...]:
    """What another agent means, where it reaches further than the one before."""
    if after is None or before is after:
        return ()
    found = []
    if after.sends_out and (before is None or before.data != after.data):
        found.append(f"What is said here leaves the house: {after.name!r} works elsewhere ({after.data.in_words()}).")
    if before is None or not before.definition.reaches(after.definition):
        found.append(
            f"{after.name!r} works here from now on, with tools that the agent before did not have; "
            "policy and approvals stay as they are."
        )
    return tuple(found)


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
