"""Reads a thread, typed."""

from pydantic import BaseModel
from slack_sdk.web.async_client import AsyncWebClient

MOST = 200


class _Metadata(BaseModel):
    event_type: str = ""
    event_payload: dict[str, object] = {}


class ThreadMessage(BaseModel):
    """What we use of a message."""

    ts: str
    user: str = ""
    bot_id: str = ""
    text: str = ""
    metadata: _Metadata | None = None

    def post_id(self) -> str | None:
        """The id of our post that this message is, if it says so."""
        if self.metadata is None or self.metadata.event_type != "autopilot_post":
            return None
        found = self.metadata.event_payload.get("id")
        return found if isinstance(found, str) else None


async def read_thread(client: AsyncWebClient, channel: str, thread_ts: str) -> list[ThreadMessage]:
    """The newest messages of a thread, oldest first, its root included."""
    answer = await client.conversations_replies(channel=channel, ts=thread_ts, limit=MOST, include_all_metadata=True)
    return [ThreadMessage.model_validate(message) for message in answer["messages"]]


async def read_channel(client: AsyncWebClient, channel: str, oldest: float) -> list[ThreadMessage]:
    """Messages of a channel since then (seconds), oldest first."""
    answer = await client.conversations_history(
        channel=channel, oldest=f"{oldest:.6f}", limit=MOST, include_all_metadata=True
    )
    return [ThreadMessage.model_validate(message) for message in reversed(answer["messages"])]
