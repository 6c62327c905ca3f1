"""The hub over HTTP: unread, send_reply, add_progress, mark_read. Nothing it answers is believed unread."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import httpx
from pydantic import ValidationError

from bot.inbox.errors import HubTrouble, InboxError
from bot.inbox.request import Request
from bot.inbox.wire import WireDone, WireMessage, WirePage

MOST_BYTES = 4_000_000
"""of one answer; a hub that floods is not read to the end"""
MOST_MESSAGES = 500
"""unread messages looked at in one round"""
PAGE = 100
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class Unread:
    """What one look at the hub found."""

    requests: tuple[Request, ...]
    unreadable: int
    """messages that are not what the contract says"""
    more: bool
    """there are further ones, left for the next round"""


class Hub:
    """One hub, spoken to with its bearer token."""

    def __init__(self, url: str, token: str, client: httpx.AsyncClient, *, timeout: float = 6.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise InboxError(f"the hub's address {url!r} is neither https nor on this machine; use https")
        self._url = url.rstrip("/")
        self.place = parts.netloc.rpartition("@")[2]
        """host and port"""
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        self._client = client
        self._timeout = timeout

    async def unread(self) -> Unread:
        """The unread messages, oldest first, as far as one round looks.

        Raises:
            HubTrouble: it cannot be asked, or answers something else.
        """
        found: list[Request] = []
        bad = 0
        after = ""
        seen: set[str] = set()
        while True:
            page = await self._page({"limit": str(PAGE), **({"after": after} if after else {})})
            for one in page.messages[: MOST_MESSAGES - len(found) - bad]:
                try:
                    found.append(WireMessage.model_validate(one).to_request())
                except ValidationError:
                    bad += 1
            full = len(found) + bad >= MOST_MESSAGES
            if full or not page.next or page.next in seen or not page.messages:
                return Unread(requests=tuple(found), unreadable=bad, more=bool(page.next) or full)
            after = page.next
            seen.add(after)  # a hub that hands out one cursor again and again is not followed in a circle

    async def one(self, message_id: str) -> Request | None:
        """The message as it is now; None when it is no longer unread.

        Raises:
            HubTrouble: it cannot be asked, or answers something else.
        """
        page = await self._page({"id": message_id})
        mine = [one for one in page.messages if isinstance(one, dict) and one.get("id") == message_id]
        try:
            found = {one.digest: one for one in (WireMessage.model_validate(raw).to_request() for raw in mine)}
        except ValidationError:
            unlike = "the hub's message is not what its contract says"
            raise HubTrouble(unlike, reason="changed", effect_possible=False) from None
        if len(found) > 1:
            raise HubTrouble("the hub has two messages under one id", reason="changed", effect_possible=False)
        return next(iter(found.values()), None)

    async def send_reply(self, message_id: str, *, kind: str, text: str, version: str, key: str) -> str:
        """Reply to a message; gives the hub's id of the reply. The same key replies once."""
        return await self._write(message_id, "reply", {"kind": kind, "text": text, "version": version}, key)

    async def add_progress(self, message_id: str, *, text: str, version: str, key: str) -> str:
        """Put a progress note on a message. The same key notes once."""
        return await self._write(message_id, "progress", {"text": text, "version": version}, key)

    async def mark_read(self, message_id: str, *, version: str, key: str) -> str:
        """Take a message off the unread ones. Doing it twice is doing it once."""
        return await self._write(message_id, "read", {"version": version}, key)

    async def _page(self, query: Mapping[str, str]) -> WirePage:
        found = await self._ask("GET", "/v1/unread", query=query)
        try:
            return WirePage.model_validate(found)
        except ValidationError:
            raise _unexpected(writes=False) from None

    async def _write(self, message_id: str, what: str, body: Mapping[str, str], key: str) -> str:
        path = f"/v1/messages/{quote(message_id, safe='')}/{what}"
        found = await self._ask("POST", path, body=body, key=key)
        try:
            return WireDone.model_validate(found).id
        except ValidationError:
            raise _unexpected(writes=True) from None

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
        key: str = "",
    ) -> object:
        writes = method != "GET"
        headers = self._headers | ({"idempotency-key": key} if key else {})
        try:
            async with (
                asyncio.timeout(self._timeout),  # all of it: a hub may also trickle
                self._client.stream(
                    method, self._url + path, params=query, json=body, headers=headers, timeout=self._timeout
                ) as answer,
            ):
                raw = bytearray()
                async for piece in answer.aiter_bytes():
                    raw += piece
                    if len(raw) > MOST_BYTES:
                        raise HubTrouble("the hub's answer does not end", reason="bad_response", effect_possible=writes)
                status = answer.status_code
        except (TimeoutError, httpx.TimeoutException):
            raise HubTrouble(
                f"the hub did not answer within {self._timeout:g} s", reason="timeout", effect_possible=writes
            ) from None
        except httpx.HTTPError as error:
            raise HubTrouble(
                f"the hub cannot be reached ({type(error).__name__}); check its address",
                reason="unreachable",
                effect_possible=writes and not isinstance(error, httpx.ConnectError),
            ) from None
        if status not in (200, 201):
            raise _refusal(status, writes)
        try:
            return json.loads(bytes(raw))
        except (ValueError, RecursionError):
            raise _unexpected(writes) from None


def _unexpected(writes: bool) -> HubTrouble:
    return HubTrouble(
        "the hub answers something else than its contract says", reason="bad_response", effect_possible=writes
    )


def _refusal(status: int, writes: bool) -> HubTrouble:
    match status:
        case 401 | 403:
            return HubTrouble(
                "the hub refuses the token; set AUTOPILOT_HUB_TOKEN again", reason="refused", effect_possible=False
            )
        case 404 | 410:
            return HubTrouble("the hub has no such message any more", reason="gone", effect_possible=False)
        case 409 | 412:
            return HubTrouble("the message changed since it was read", reason="changed", effect_possible=False)
        case 429 | 503:
            return HubTrouble(f"the hub is busy (status {status})", reason="busy", effect_possible=writes)
        case _ if 400 <= status < 500:
            return HubTrouble(f"the hub refuses the request (status {status})", reason="refused", effect_possible=False)
        case _:
            return HubTrouble(f"the hub is broken (status {status})", reason="bad_response", effect_possible=writes)
