"""The one Web API client of a process: one connection pool, opened in the running loop and closed with it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

SLACK_URL = "https://slack.com/api/"
_READS = frozenset(
    {
        "api.test",
        "auth.test",
        "bots.info",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "conversations.replies",
        "team.info",
        "usergroups.list",
        "usergroups.users.list",
        "users.conversations",
        "users.info",
        "users.list",
        "users.lookupByEmail",
    }
)
_logger = logging.getLogger(__name__)
_logger.setLevel(logging.INFO)  # at DEBUG the SDK logs whole answers: messages, and tokens that it just got
_TIMEOUT = aiohttp.ClientTimeout(total=15.0, connect=5.0)
_CONNECTIONS = 50


class WatchedClient(AsyncWebClient):
    """A client that says which scope a refused call lacked."""

    on_missing_scope: Callable[[str, str], None] | None = None
    """(method, the scopes it needs)"""

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        try:
            return await super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if error.response["error"] == "missing_scope" and self.on_missing_scope is not None:
                self.on_missing_scope(api_method, str(error.response.get("needed") or ""))
            raise


class SlackClients:
    """Opens the pool when it is first needed; `close` ends it."""

    def __init__(self, *, base_url: str = SLACK_URL, proxy: str | None = None) -> None:
        self._base_url, self._proxy = base_url, proxy
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def client(self, token: str) -> WatchedClient:
        """A client for one workspace's token, which waits out a 429; all clients share the connections.

        Raises: RuntimeError outside the event loop that the first client was made in.
        """
        return self._build(token, [AsyncRateLimitErrorRetryHandler(max_retry_count=3), _RetryRead(max_retry_count=2)])

    def stream_client(self, token: str) -> WatchedClient:
        """A client for StreamWriter, which wants to see every failure itself and gathers words meanwhile.

        Raises: RuntimeError outside the event loop that the first client was made in.
        """
        return self._build(token, [])

    async def close(self) -> None:
        """End all connections; clients made here cannot be used afterwards."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _build(self, token: str, retry_handlers: list[AsyncRetryHandler]) -> WatchedClient:
        return WatchedClient(
            token=token,
            base_url=self._base_url,
            proxy=self._proxy,
            session=self._pool(),
            retry_handlers=retry_handlers,
            logger=_logger,
        )

    def _pool(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            raise RuntimeError("the slack clients belong to another event loop; make one SlackClients for each")
        self._loop = loop
        if self._session is None or self._session.closed:
            # slack_sdk applies its own timeout only to sessions it opens itself
            self._session = aiohttp.ClientSession(
                timeout=_TIMEOUT, connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=60.0)
            )
        return self._session


class _RetryRead(AsyncConnectionErrorRetryHandler):
    """Tries reads again after a dropped connection; anything else may have taken effect."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if _method(request) not in _READS:
            return False
        return await super()._can_retry_async(state=state, request=request, response=response, error=error)


def _method(request: HttpRequest) -> str:
    return urlsplit(str(request.url)).path.rsplit("/", 1)[-1]
