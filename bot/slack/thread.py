"""Reads a thread, typed."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

PAGE = 200
MOST_PAGES = 25
"""a thread of more than 5,000 messages is read from its beginning no further"""
SKEW = 60.0
"""seconds Slack's clock may be behind ours when we look for a message by time"""


class _Metadata(BaseModel):
    event_type: str = ""
    event_payload: dict[str, object] = {}


class _File(BaseModel):
    name: str | None = None


class ThreadMessage(BaseModel):
    """What we use of a message."""

    ts: str
    user: str = ""
    bot_id: str = ""
    text: str = ""
    blocks: list[dict[str, Any]] = []
    metadata: _Metadata | None = None
    files: list[_File] = []

    @property
    def words(self) -> str:
        """What was said, and which files came with it: nobody has read those."""
        names = ", ".join(one.name or "a file" for one in self.files)
        return f"{self.text}\n[attached, not read: {names}]".strip() if names else self.text

    def post_id(self) -> str | None:
        """The id of our post that this message is, if it says so."""
        if self.metadata is None or self.metadata.event_type != "autopilot_post":
            return None
        found = self.metadata.event_payload.get("id")
        return found if isinstance(found, str) else None

    @property
    def empty(self) -> bool:
        """Whether nobody can read anything in it: a stream or placeholder whose first words never came."""
        return self.text.strip() in ("", "…") and not self.blocks


async def read_thread(
    client: AsyncWebClient, channel: str, thread_ts: str, *, since: float | None = None
) -> list[ThreadMessage]:
    """A thread's messages, oldest first, its root included; with `since` (seconds), those from then on."""
    oldest = f"{since - SKEW:.6f}" if since is not None else None
    return await _all_pages(
        lambda cursor: client.conversations_replies(
            channel=channel, ts=thread_ts, oldest=oldest, limit=PAGE, cursor=cursor, include_all_metadata=True
        )
    )


async def read_channel(client: AsyncWebClient, channel: str, since: float) -> list[ThreadMessage]:
    """Messages of a channel from then on (seconds), oldest first."""
    found = await _all_pages(
        lambda cursor: client.conversations_history(
            channel=channel, oldest=f"{since - SKEW:.6f}", limit=PAGE, cursor=cursor, include_all_metadata=True
        )
    )
    return sorted(found, key=lambda message: float(message.ts))


async def _all_pages(ask: Callable[[str | None], Awaitable[AsyncSlackResponse]]) -> list[ThreadMessage]:
    out: list[ThreadMessage] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = await ask(cursor)
        out += [ThreadMessage.model_validate(message) for message in answer["messages"]]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return out
