"""GET requests to a schedule service: in time, bounded, to its own host only, and kept for some seconds."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import httpx

from bot.people.fresh import BYTES, Fresh
from bot.people.source import SourceDown

Query = Sequence[tuple[str, str]]
_SAYS = {
    401: "refuses the token (401); check the variable that token_env names",
    403: "does not let this token look (403); give it read access to schedules",
    404: "knows no such schedule (404); check its id",
    429: "is asked too often (429); raise cache_seconds",
}

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One service and how to ask it."""

    name: str
    """as the file calls this source"""
    base: str
    client: httpx.AsyncClient = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """the token is in here"""
    timeout: float

    async def json(self, path: str, query: Query = ()) -> object:
        """The JSON that stands there.

        Raises:
            SourceDown: anything else came, or nothing in time.
        """
        raw = await self.text(path, query)
        try:
            return json.loads(raw)
        except ValueError:
            raise SourceDown("did not answer JSON; check url") from None

    async def text(self, path: str = "", query: Query = ()) -> bytes:
        """The bytes that stand there.

        Raises:
            SourceDown: no good answer, or none in time.
        """
        try:
            async with asyncio.timeout(self.timeout):
                return await self._get(path, query)
        except (TimeoutError, httpx.TimeoutException):
            raise SourceDown(f"did not answer within {self.timeout:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceDown(f"cannot be reached ({type(error).__name__})") from None

    async def _get(self, path: str, query: Query) -> bytes:
        url = httpx.URL(self.base.rstrip("/") + path if path else self.base)
        if query:
            url = url.copy_merge_params(httpx.QueryParams(list(query)))
        async with self.client.stream("GET", url, headers=dict(self.headers), follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise SourceDown(_SAYS.get(answer.status_code, f"answered {answer.status_code}"))
            raw = bytearray()
            async for chunk in answer.aiter_bytes():
                raw += chunk
                if len(raw) > BYTES:
                    raise SourceDown(f"answered more than {BYTES:,} bytes")
            return bytes(raw)


@dataclass(frozen=True, kw_only=True)
class Service(Generic[T]):
    """What an endpoint says, asked at most every few seconds."""

    fresh: Fresh[T]
    ask: Callable[[], Awaitable[T]]

    async def now(self) -> T:
        """What it says now.

        Raises:
            SourceDown: it cannot be asked.
        """
        return await self.fresh.get(self.ask)
