"""What the Messages tab offers to press: requests that fit the channel somebody looks at, and the agent there."""

from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from bot.agent.definition import Suggestion
from bot.agent.lineup import Lineup
from bot.slack.inbound import LookingAt
from bot.slack.workspaces import Workspaces
from storage import channels
from storage.db import Database

_WITHOUT = ("unknown_method", "missing_scope")
"""a Slack from before agents, or an app that was not granted the scope"""


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """Chooses among the agents' own suggestions."""

    db: Database
    agents: Lineup
    workspaces: Workspaces

    async def offer_to(self, looking: LookingAt) -> None:
        """Offer what fits the channel that a person looks at, in their direct messages with us."""
        place = looking.place
        if not place:
            answer = await self.workspaces.client(looking.tenant).conversations_open(users=looking.user)
            place = str(answer["channel"]["id"])
        await self.offer(looking.tenant, place, looking.channel or place)

    async def offer(self, tenant: str, place: str, channel: str) -> None:
        """Show in `place` what fits `channel`."""
        found = await self.fitting(tenant, place, channel)
        if not found:
            return
        try:
            # without thread_ts: in the Messages tab a thread_ts makes this fail silently
            await self.workspaces.client(tenant).assistant_threads_setSuggestedPrompts(
                channel_id=place, prompts=[{"title": one.title, "message": one.message} for one in found]
            )
        except SlackApiError as error:
            if error.response["error"] not in _WITHOUT:
                raise

    async def fitting(self, tenant: str, place: str, channel: str) -> tuple[Suggestion, ...]:
        """Those of the channel's agent, where the agent that will hear them in `place` can do the same."""
        async with self.db.read() as tx:
            here = self.agents.named((await channels.in_force(tx, tenant, place)).agent)
            there = self.agents.named((await channels.in_force(tx, tenant, channel)).agent)
        if here is None:
            return ()
        fits = there is not None and here.definition.reaches(there.definition)
        return there.definition.suggestions if there is not None and fits else here.definition.suggestions
