"""A server behind a URL: streamable HTTP with our token, to its own host only, answers held to a size."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tools.sources.mcp_oauth import Credentials

if TYPE_CHECKING:
    import httpx2
    from mcp.client._transport import TransportStreams

BODY_MAX = 4 * 1024 * 1024
CONNECT_SECONDS = 5.0


@asynccontextmanager
async def http(
    url: str, *, secret_header: tuple[str, str] | None, oauth: Credentials | None = None, seconds: float
) -> "AsyncIterator[TransportStreams]":
    """Talk with the server at a URL; with `oauth`, with its issuer too, and with nobody else."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    headers = dict([secret_header]) if secret_header else {}
    timeout = httpx2.Timeout(seconds, connect=CONNECT_SECONDS)
    meant = {urlsplit(url).netloc, *([oauth.host] if oauth else [])}

    async def only_there(request: httpx2.Request) -> None:
        if request.url.netloc.decode() not in meant:  # a server may name any place for its authorization
            raise httpx2.ConnectError(f"{request.url.host!r} is neither the server nor its issuer")

    client = httpx2.AsyncClient(
        headers=headers,
        auth=oauth.provider(url) if oauth else None,
        timeout=timeout,
        trust_env=False,
        event_hooks={"request": [only_there], "response": [_hold_to_a_size]},
    )
    async with client, streamable_http_client(url, http_client=client, max_sse_event_size=BODY_MAX) as streams:
        yield streams


async def _hold_to_a_size(response: "httpx2.Response") -> None:
    """Let a body end with an error once it is too long; events of a stream are held to a size by the SDK."""
    import httpx2

    if response.headers.get("content-type", "").startswith("text/event-stream"):
        return
    stream = response.stream
    assert isinstance(stream, httpx2.AsyncByteStream)
    inner: httpx2.AsyncByteStream = stream

    class Held(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = BODY_MAX
            async for piece in inner:
                left -= len(piece)
                if left < 0:
                    raise httpx2.ReadError(f"the answer is longer than {BODY_MAX} bytes")
                yield piece

        async def aclose(self) -> None:
            await inner.aclose()

    response.stream = Held()
