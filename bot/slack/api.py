"""The Web API methods a streamed answer needs, as slack_sdk's AsyncWebClient has them."""

from collections.abc import Sequence
from typing import Protocol

from bot.brains.base import JsonObject


class Answer(Protocol):
    """An answer that was ok."""

    def __getitem__(self, key: str, /) -> object: ...


class StreamApi(Protocol):
    """Raw calls; each raises what slack_sdk and aiohttp raise."""

    async def chat_startStream(
        self,
        *,
        channel: str,
        thread_ts: str,
        recipient_team_id: str,
        recipient_user_id: str,
        task_display_mode: str,
    ) -> Answer: ...

    async def chat_appendStream(self, *, channel: str, ts: str, chunks: Sequence[JsonObject]) -> Answer: ...

    async def chat_stopStream(
        self,
        *,
        channel: str,
        ts: str,
        chunks: Sequence[JsonObject] | None = None,
        blocks: Sequence[JsonObject] | None = None,
        metadata: JsonObject | None = None,
        session_status: str | None = None,
    ) -> Answer: ...

    async def chat_postMessage(
        self, *, channel: str, thread_ts: str, text: str, unfurl_links: bool, unfurl_media: bool
    ) -> Answer: ...

    async def chat_update(
        self,
        *,
        channel: str,
        ts: str,
        text: str,
        blocks: Sequence[JsonObject],
        metadata: JsonObject | None = None,
    ) -> Answer: ...
