"""The stream methods over the local Slack's own rules, in memory, with faults where a test wants them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.brains.base import JsonObject
from bot.demo.slack.limits import Limits
from bot.demo.slack.streams import Streams
from bot.demo.slack.wire import Json, Refused


class Bad(StrEnum):
    """What goes wrong with one call."""

    NOTHING = "nothing"
    RATE_LIMIT = "rate_limit"
    NO_CONNECTION = "no_connection"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    SERVER_ERROR_BEFORE = "server_error_before"
    SERVER_ERROR_AFTER = "server_error_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    EXPIRE = "expire"
    """the stream ends just before the call"""


@dataclass(kw_only=True)
class Message:
    """What is stored of one message."""

    channel: str
    ts: str
    text: str = ""
    blocks: list[Json] | None = None


@dataclass(kw_only=True)
class Call:
    at: float
    method: str
    args: dict[str, Any]


@dataclass
class MemorySlack:
    """One workspace."""

    cap: int = 10_600
    latency: float = 0.05
    plan: list[Bad] = field(default_factory=list)
    """what goes wrong with the 1st, 2nd, … call"""
    streams_here: bool = True
    refusal: str = "unknown_method"
    limited: bool = True

    def __post_init__(self) -> None:
        self.streams = Streams(cap=self.cap)
        self.messages: dict[str, Message] = {}
        self.calls: list[Call] = []
        self.too_many: list[str] = []
        self._last_ts = 1_700_000_000
        self._limits = Limits(lambda: asyncio.get_running_loop().time())

    # --- the Web API -------------------------------------------------------------------------------------------

    async def chat_startStream(
        self, *, channel: str, thread_ts: str, recipient_team_id: str, recipient_user_id: str, task_display_mode: str
    ) -> AsyncSlackResponse:
        return await self._call(
            "chat.startStream",
            channel=channel,
            thread_ts=thread_ts,
            recipient_team_id=recipient_team_id,
            recipient_user_id=recipient_user_id,
            task_display_mode=task_display_mode,
        )

    async def chat_appendStream(self, *, channel: str, ts: str, chunks: Sequence[JsonObject]) -> AsyncSlackResponse:
        return await self._call("chat.appendStream", channel=channel, ts=ts, chunks=chunks)

    async def chat_stopStream(
        self,
        *,
        channel: str,
        ts: str,
        chunks: Sequence[JsonObject] | None = None,
        blocks: Sequence[JsonObject] | None = None,
        metadata: JsonObject | None = None,
        session_status: str | None = None,
    ) -> AsyncSlackResponse:
        del metadata, session_status
        return await self._call("chat.stopStream", channel=channel, ts=ts, chunks=chunks, blocks=blocks)

    async def chat_postMessage(
        self, *, channel: str, thread_ts: str, text: str, unfurl_links: bool, unfurl_media: bool
    ) -> AsyncSlackResponse:
        assert not unfurl_links and not unfurl_media
        return await self._call("chat.postMessage", channel=channel, thread_ts=thread_ts, text=text)

    async def chat_update(
        self,
        *,
        channel: str,
        ts: str,
        text: str,
        blocks: Sequence[JsonObject],
        metadata: JsonObject | None = None,
    ) -> AsyncSlackResponse:
        del metadata
        return await self._call("chat.update", channel=channel, ts=ts, text=text, blocks=blocks)

    # --- what people see ---------------------------------------------------------------------------------------

    def words(self, ts: str) -> str:
        """The Markdown of one message."""
        message = self.messages[ts]
        if message.blocks is not None:
            return "".join(str(block["text"]) for block in message.blocks if block["type"] == "markdown")
        stream = self.streams.find(message.channel, ts, now=self._now())
        return stream.text if stream else ""

    def cards(self) -> list[tuple[str, str]]:
        """(id, status) of every task card people see, message after message."""
        seen: list[tuple[str, str]] = []
        for ts, message in self.messages.items():
            stream = self.streams.find(message.channel, ts, now=self._now())
            if message.blocks is not None:
                cards = [block for block in message.blocks if block["type"] == "task_card"]
                seen += [(str(card["task_id"]), str(card["status"])) for card in cards]
            elif stream:
                seen += [(str(task["id"]), str(task["status"])) for task in stream.tasks.values()]
        return seen

    def live(self) -> list[str]:
        """Messages that still stream and hold something."""
        return [
            ts
            for ts, message in self.messages.items()
            if self.words(ts) and self.streams.is_live(message.channel, ts, now=self._now())
        ]

    def times(self, method: str) -> list[float]:
        return [call.at for call in self.calls if call.method == method]

    # --- inside ------------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _call(self, method: str, **args: Any) -> AsyncSlackResponse:
        bad = self.plan.pop(0) if self.plan else Bad.NOTHING
        await asyncio.sleep(self.latency)
        self.calls.append(Call(at=self._now(), method=method, args=args))
        match bad:
            case Bad.RATE_LIMIT:
                raise self._failed(method, 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "2"})
            case Bad.NO_CONNECTION:
                key: Any = None
                raise aiohttp.ClientConnectorDNSError(key, OSError("no such host"))
            case Bad.DROP_BEFORE:
                raise aiohttp.ServerDisconnectedError
            case Bad.SERVER_ERROR_BEFORE:
                raise self._failed(method, 503, {})
            case Bad.HANG_BEFORE:
                await asyncio.sleep(3_600)
            case Bad.EXPIRE if "ts" in args:
                self.streams.expire(args["channel"], args["ts"])
        if self.limited and (wait := self._limits.wait(method, args)) is not None:
            self.too_many.append(method)
            raise self._failed(method, 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})
        try:
            body = self._effect(method, args)
        except Refused as refused:
            raise self._failed(method, 200, refused.body()) from None
        match bad:
            case Bad.DROP_AFTER:
                raise aiohttp.ServerDisconnectedError
            case Bad.SERVER_ERROR_AFTER:
                raise self._failed(method, 500, {"ok": False, "error": "internal_error"})
            case Bad.HANG_AFTER:
                await asyncio.sleep(3_600)
        return self._answer(method, 200, body)

    def _effect(self, method: str, args: dict[str, Any]) -> Json:
        now = self._now()
        if method.endswith("Stream") and not self.streams_here:
            raise Refused(self.refusal)
        match method:
            case "chat.startStream":
                ts = self._new(args["channel"], "")
                self.streams.start(ts=ts, now=now, **args)
            case "chat.appendStream":
                ts = self.streams.append(now=now, **args).ts
            case "chat.stopStream":
                ts = self.streams.stop(now=now, **args).ts
            case "chat.postMessage":
                ts = self._new(args["channel"], args["text"])
            case _:
                ts = self._update(now=now, **args)
        return {"ok": True, "ts": ts}

    def _new(self, channel: str, text: str) -> str:
        self._last_ts += 1
        ts = f"{self._last_ts}.000000"
        self.messages[ts] = Message(channel=channel, ts=ts, text=text)
        return ts

    def _update(self, *, channel: str, ts: str, text: str, blocks: list[Json], now: float) -> str:
        if ts not in self.messages:
            raise Refused("message_not_found")
        if self.streams.is_live(channel, ts, now=now):
            raise Refused("streaming_state_conflict")
        if len(text) > 4_000 or sum(len(str(block.get("text", ""))) for block in blocks) > 12_000:
            raise Refused("msg_too_long")
        if not 0 < len(blocks) <= 50 or any(block["type"] == "markdown" and not block["text"] for block in blocks):
            raise Refused("invalid_blocks")
        self.messages[ts].text, self.messages[ts].blocks = text, blocks
        return ts

    def _answer(
        self, method: str, status: int, body: Json, headers: dict[str, str] | None = None
    ) -> AsyncSlackResponse:
        return AsyncSlackResponse(
            client=None,
            http_verb="POST",
            api_url=method,
            req_args={},
            data=body,
            headers=headers or {},
            status_code=status,
        )

    def _failed(self, method: str, status: int, body: Json, headers: dict[str, str] | None = None) -> SlackApiError:
        answer = self._answer(method, status, body, headers)
        return SlackApiError(f"{method} said no", answer)  # type: ignore[no-untyped-call]
