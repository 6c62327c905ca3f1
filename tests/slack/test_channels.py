"""Who can read a channel: asked of Slack once a minute, and closed where Slack does not say."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.slack.channels import SlackChannels
from bot.slack.workspaces import OneWorkspace, Workspace
from policy.people import CannotAsk
from tests.builders import TENANT


@dataclass
class Slack:
    """Three channels: a public one, a private one, and one it knows nothing of."""

    asked: Counter[str] = field(default_factory=Counter)
    members: tuple[str, ...] = ("U0ANA", "U0GUEST")

    async def conversations_info(self, *, channel: str) -> dict[str, Any]:
        self.asked[f"info {channel}"] += 1
        if channel not in ("C0OPEN", "C0PRIVATE"):
            raise SlackApiError("no", {"ok": False, "error": "channel_not_found"})  # type: ignore[no-untyped-call]
        return {"channel": {"id": channel, "is_private": channel == "C0PRIVATE", "is_im": False, "is_mpim": False}}

    async def conversations_members(self, *, channel: str, limit: int, cursor: str | None) -> dict[str, Any]:
        self.asked[f"members {channel}"] += 1
        place = int(cursor or 0)
        more = str(place + 1) if place + 1 < len(self.members) else ""
        return {"members": [self.members[place]], "response_metadata": {"next_cursor": more}}


async def _is_guest(_tenant: str, person: str) -> bool:
    if person == "U0LOST":
        raise CannotAsk("Slack does not answer")
    return person in ("U0GUEST", "U0OUTSIDE")


def _channels(slack: Any) -> SlackChannels:
    one = OneWorkspace(workspace=Workspace(tenant=TENANT, bot_user="U0PILOT"), one=slack, stream=slack)
    return SlackChannels(workspaces=one, is_guest=_is_guest)


@pytest.mark.parametrize(
    ("channel", "who"),
    [
        ("C0OPEN", {"U0ANA", "U0KIM", "U0GUEST"}),
        ("C0PRIVATE", {"U0ANA", "U0GUEST"}),
        ("C0UNKNOWN", set()),
        ("D0ANA", set()),
    ],
)
async def test_who_can_read_it(channel: str, who: set[str]) -> None:
    """Everybody a public one, but guests only what they are in; nobody what Slack does not say, or a direct message."""
    channels = _channels(Slack())
    people = ("U0ANA", "U0KIM", "U0GUEST", "U0OUTSIDE", "U0LOST")
    assert {person for person in people if await channels.open_to(TENANT, channel, person)} == who


async def test_an_answer_is_used_again_and_a_failure_is_not() -> None:
    slack = Slack()
    channels = _channels(slack)
    for _ in range(3):
        assert await channels.open_to(TENANT, "C0PRIVATE", "U0GUEST")
        assert not await channels.open_to(TENANT, "C0UNKNOWN", "U0GUEST")
    assert slack.asked == {"info C0PRIVATE": 1, "members C0PRIVATE": 2, "info C0UNKNOWN": 3}


async def test_what_all_readers_of_a_channel_may_read() -> None:
    """What is public, and what stands in that channel itself; an outage is no answer."""
    channels = _channels(Slack())
    here = "C0PRIVATE"
    asked = ("C0OPEN", "C0PRIVATE", "C0UNKNOWN", "D0ANA", "")
    assert [await channels.readable_in(TENANT, one, here) for one in asked] == [True, True, False, False, False]
    assert not await channels.readable_in(TENANT, "C0PRIVATE", "C0OPEN")

    class Away(Slack):
        async def conversations_info(self, *, channel: str) -> dict[str, Any]:
            raise SlackApiError("no", {"ok": False, "error": "ratelimited"})  # type: ignore[no-untyped-call]

    with pytest.raises(SlackApiError):
        await _channels(Away()).readable_in(TENANT, "C0OPEN", here)
