"""One POST of one event to one sink, within a time and a size, and what came of it.

Nothing of a sink's answer is kept but its status: what it says is not ours to trust, show or store.
"""

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

import httpx

from bot.events import backoff, egress, signature
from bot.events.answers import Answer, Delivered, Gone, Refused, Unavailable
from bot.events.cloud_event import CONTENT_TYPE, event_id, render
from bot.events.egress import Resolve
from bot.events.errors import EventsError
from policy.redaction import Redactor
from storage.records import AuditEntry
from storage.sinks import Sink

BODY_MAX = 16 * 1024
"""read so that the connection can serve again; an answer that is longer costs the sink its connection"""
BODY_SECONDS = 1.0
_PASSING = frozenset({408, 425, 429})
"""4xx that speak of now, not of the event"""


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """Sends events. Holds every secret's variable, shows none."""

    redactor: Redactor
    environ: Mapping[str, str] = field(repr=False)
    resolve: Resolve
    clock: Callable[[], float]
    """seconds since the epoch, for the signature's timestamp"""
    timeout: float

    @functools.cached_property
    def tls(self) -> ssl.SSLContext:
        """Made for the first sink: it holds every root certificate, and most bots have no sink."""
        return ssl.create_default_context()

    @contextlib.asynccontextmanager
    async def client(self, connections: int) -> AsyncIterator[httpx.AsyncClient]:
        """A client for one round to one sink: no sink can use up another's connections, or leave it cookies."""
        async with httpx.AsyncClient(
            verify=self.tls,
            trust_env=False,
            follow_redirects=False,
            timeout=self.timeout,
            limits=httpx.Limits(max_connections=connections),
        ) as client:
            yield client

    async def send(self, client: httpx.AsyncClient, sink: Sink, entry: AuditEntry) -> Answer:
        """What the sink says to one event; never raises but when cancelled."""
        try:
            async with asyncio.timeout(self.timeout):
                request = await self._request(client, sink, entry)
                response = await client.send(request, stream=True, follow_redirects=False)
        except (TimeoutError, httpx.TimeoutException):
            return Unavailable(error=f"did not answer within {self.timeout:g} s")
        except EventsError as error:
            return Unavailable(error=str(error))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            return Unavailable(error=f"cannot be reached ({type(error).__name__})")
        await _drain(response)
        return self._meaning(response)

    async def _request(self, client: httpx.AsyncClient, sink: Sink, entry: AuditEntry) -> httpx.Request:
        place = egress.parse(sink.url)
        keys = signature.keys_of(sink.secret_env, self.environ)
        address = await egress.reachable(place, self.resolve, private=sink.private)
        body = render(entry, self.redactor)
        message_id = event_id(entry)
        signed = signature.headers(keys, message_id=message_id, at=int(self.clock()), body=body)
        host = f"[{address}]" if ":" in address else address
        return client.build_request(
            "POST",
            f"{place.scheme}://{host}:{place.port}{place.path}",
            content=body,
            headers={
                **signed,
                "host": place.authority,
                "content-type": CONTENT_TYPE,
                "user-agent": "ops-autopilot",
                "accept-encoding": "identity",
            },
            # the connection goes to the checked address; the certificate must still be the name's
            extensions={"sni_hostname": place.host},
        )

    def _meaning(self, response: httpx.Response) -> Answer:
        status = response.status_code
        if 200 <= status < 300:
            return Delivered()
        if status == 410:
            return Gone()
        if 400 <= status < 500 and status not in _PASSING:
            return Refused(error=f"answered {status}")
        asked = backoff.retry_after(response.headers.get("retry-after"), now=self.clock())
        if 300 <= status < 400:
            return Unavailable(error=f"answered {status}, a redirect, which is not followed", asked=asked)
        return Unavailable(error=f"answered {status}", asked=asked)


async def _drain(response: httpx.Response) -> None:
    got = 0
    with contextlib.suppress(TimeoutError, httpx.HTTPError, OSError):
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in response.aiter_raw():
                got += len(chunk)
                if got > BODY_MAX:
                    break
    with contextlib.suppress(httpx.HTTPError, OSError):
        await response.aclose()
