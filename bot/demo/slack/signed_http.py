"""Delivery by signed HTTP requests, for apps with a request url."""

import asyncio
import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode

import httpx

from bot.demo.slack.clock import Clock
from bot.demo.slack.delivery import ACK_SECONDS, Receipt
from bot.demo.slack.wire import Json


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


class SignedHttp:
    """The courier for apps that listen."""

    def __init__(self, *, url: str, secret: str, clock: Clock) -> None:
        self.ack_seconds = ACK_SECONDS
        self._url, self._secret, self._clock = url, secret, clock
        self._client = httpx.AsyncClient(trust_env=False, timeout=None)  # noqa: S113 - our own clock keeps the time

    async def carry(self, kind: str, payload: Json, *, attempt: int, reason: str) -> Receipt:
        """POST once; 2xx within three seconds is the ack."""
        form = {"interactive": {"payload": json.dumps(payload)}, "slash_commands": payload}.get(kind)
        body = json.dumps(payload).encode() if form is None else urlencode(form).encode()
        headers = {"content-type": "application/json" if form is None else "application/x-www-form-urlencoded"}
        if attempt:
            headers |= {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason}
        call = asyncio.ensure_future(self._post(body, headers))
        if not await self._clock.within(call, self.ack_seconds):
            call.cancel()
            return Receipt(acked=False, reason="http_timeout")
        try:
            response = call.result()
        except httpx.HTTPError:
            return Receipt(acked=False, reason="connection_failed")
        if not response.is_success:
            no_retry = response.headers.get("x-slack-no-retry") == "1"
            return Receipt(acked=False, reason="http_error", no_retry=no_retry)
        return Receipt(acked=True, payload=_payload(response))

    async def verify(self) -> bool:
        """Whether the url answers Slack's challenge, as it must before it can be saved."""
        challenge = secrets.token_urlsafe(24)
        question = {"token": "local-verification-token", "challenge": challenge, "type": "url_verification"}
        response = await self._post(json.dumps(question).encode(), {"content-type": "application/json"})
        return response.is_success and challenge in response.text

    async def close(self) -> None:
        await self._client.aclose()

    async def _post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        timestamp = str(int(self._clock.now()))
        signed = {"x-slack-request-timestamp": timestamp, "x-slack-signature": sign(self._secret, timestamp, body)}
        return await self._client.post(self._url, content=body, headers=headers | signed)


def _payload(response: httpx.Response) -> Json | None:
    if not response.text:
        return None
    if response.headers.get("content-type", "").startswith("application/json"):
        answer = response.json()
        return answer if isinstance(answer, dict) else None
    return {"text": response.text}
