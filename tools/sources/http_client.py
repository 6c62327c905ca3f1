"""One request to one service: only to its own host, within a time and a size, and with the truth about effects."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import NoReturn

import httpx
from pydantic import JsonValue

from tools.contract import ToolFailed

CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""the connection ended before the answer did"""
BODY_MAX = 1024 * 1024
CONNECT_SECONDS = 5.0
DETAIL_MAX = 300
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=1.0)
"""of the client of all tools. Servers close idle connections after two seconds or more: a change that meets that moment
is in doubt, so an older connection is not used for one; the look right before a change is younger"""
PROCESSED_ELSEWHERE = (301, 302, 303)
"""answers to a write that may come after it was done; 307 and 308 say it was not"""


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """What to send."""

    method: str
    path: str
    """below the base URL, encoded"""
    query: tuple[tuple[str, str], ...] = ()
    body: JsonValue = None
    body_kind: str = "application/json"
    idempotency_key: str = ""
    may_change: bool = False
    """something may have happened when no good answer comes back"""


@dataclass(frozen=True, kw_only=True)
class HttpService:
    """A service and the one way to talk to it. `egress` was checked against `base_url` when this was made."""

    name: str
    base_url: str
    client: httpx.AsyncClient
    secret_header: tuple[str, str] | None = field(default=None, repr=False)

    async def send(self, request: HttpRequest, *, timeout: float) -> JsonValue:
        """The JSON the service answers.

        Raises:
            ToolFailed: anything else; `effect_possible` is False only when nothing can have happened.
        """
        response, raw = await self._answer(request, timeout)
        return self._json(request, response, raw)

    async def text(self, request: HttpRequest, *, timeout: float) -> str:
        """The text the service answers, whatever its type says; for documents.

        Raises:
            ToolFailed: there is none, or it is too long.
        """
        _, raw = await self._answer(request, timeout)
        return raw.decode("utf-8", errors="replace")

    async def _answer(self, request: HttpRequest, timeout: float) -> tuple[httpx.Response, bytes]:
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._exchange(request, timeout)
                except CUT_OFF:
                    # A service closes connections that were idle, often in the very moment in which one is used again.
                    if request.may_change:
                        raise
                    return await self._exchange(request, timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise ToolFailed(
                f"{self.name!r} cannot be reached ({type(error).__name__}); nothing was sent, try again when it is up",
                effect_possible=False,
                reason="unreachable",
            ) from None
        except (TimeoutError, httpx.TimeoutException):
            raise ToolFailed(
                f"{self.name!r} did not answer within {timeout:g} s{self._unknown(request)}",
                effect_possible=request.may_change,
                reason="timeout",
            ) from None
        except httpx.TransportError as error:
            raise ToolFailed(
                f"the connection to {self.name!r} broke ({type(error).__name__}){self._unknown(request)}",
                effect_possible=request.may_change,
                reason="unreachable",
            ) from None

    async def _exchange(self, request: HttpRequest, timeout: float) -> tuple[httpx.Response, bytes]:
        # `identity`: a small compressed answer could unpack to a huge one before the cap sees it.
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if self.secret_header is not None:
            headers[self.secret_header[0]] = self.secret_header[1]
        if request.idempotency_key:
            headers["idempotency-key"] = request.idempotency_key
        content = None
        if request.body is not None:
            headers["content-type"] = request.body_kind
            content = json.dumps(request.body, separators=(",", ":"), allow_nan=False).encode()
        built = self.client.build_request(
            request.method,
            self.base_url + request.path,
            params=list(request.query) or None,
            content=content,
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
        )
        response = await self.client.send(built, stream=True, follow_redirects=False)
        try:
            raw = await self._read(request, response)
        finally:
            await response.aclose()
        if response.status_code >= 400:
            self._refused(request, response.status_code, raw)
        return response, raw

    async def _read(self, request: HttpRequest, response: httpx.Response) -> bytes:
        status = response.status_code
        if 300 <= status < 400:
            where = response.headers.get("location", "nowhere")[:DETAIL_MAX]
            raise self._bad(
                f"answers with a redirect to {where!r}, which is not followed; put the right base_url in the manifest",
                effect_possible=request.may_change and status in PROCESSED_ELSEWHERE,
            )
        # An error status says more than the shape of its answer.
        effect = request.may_change and (status >= 500 or status < 300)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._bad("answers compressed although it was asked not to", effect_possible=effect)
        raw = bytearray()
        async for chunk in response.aiter_bytes(64 * 1024):
            raw += chunk
            if len(raw) > BODY_MAX:
                raise self._bad(
                    f"answers with more than {BODY_MAX // 1024} KB; ask for less, for instance a shorter time",
                    effect_possible=effect,
                )
        return bytes(raw)

    def _refused(self, request: HttpRequest, status: int, raw: bytes) -> NoReturn:
        detail = self._detail(raw)
        if status >= 500:
            raise ToolFailed(
                f"{self.name!r} answered {status}{detail}{self._unknown(request)}",
                effect_possible=request.may_change,
                reason="error",
            )
        hint = "; check the token this service is configured with" if status in {401, 403} else ""
        raise ToolFailed(f"{self.name!r} refused with {status}{detail}{hint}", effect_possible=False, reason="refused")

    def _json(self, request: HttpRequest, response: httpx.Response, raw: bytes) -> JsonValue:
        if response.status_code == 204 or not raw:
            return {}
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise self._bad(
                f"answers {kind or 'something without a type'!r} instead of JSON; is a login page or proxy in between?",
                effect_possible=request.may_change,
            )
        try:
            parsed: JsonValue = json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise self._bad("answers JSON that cannot be read", effect_possible=request.may_change) from None
        return parsed

    def _detail(self, raw: bytes) -> str:
        """What the service says about an error, if it says it in JSON. The token never gets into it."""
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(parsed, dict):
            return ""
        for key in ("detail", "message", "error", "title"):
            if isinstance(parsed.get(key), str) and parsed[key]:
                return f": {self._masked(parsed[key])[:DETAIL_MAX]}"
        return ""

    def _masked(self, text: str) -> str:
        for secret in (self.secret_header or ("", ""))[1].split():
            if len(secret) > len("Bearer"):
                text = text.replace(secret, "•••")
        return text

    def _bad(self, what: str, *, effect_possible: bool) -> ToolFailed:
        return ToolFailed(f"{self.name!r} {what}", effect_possible=effect_possible, reason="bad_response")

    def _unknown(self, request: HttpRequest) -> str:
        return "; whether it happened is not known, look before trying again" if request.may_change else "; try again"


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
