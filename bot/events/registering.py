"""Webhook sinks as operators handle them: each change with its audit entry, in one transaction."""

from collections.abc import Sequence

from bot.events import egress, patterns, signature
from storage import sinks
from storage.db import Database
from storage.sinks import Sink


async def add(
    db: Database,
    *,
    tenant: str,
    url: str,
    secret_env: str,
    events: Sequence[str],
    private: bool = False,
    from_start: bool = False,
) -> Sink:
    """A new sink of this tenant.

    Raises:
        BadSink: the address, a pattern or the variable's name cannot be used.
    """
    host = egress.parse(url).host
    variable, wanted = signature.checked_variable(secret_env), patterns.checked(events)
    async with db.write() as tx:
        sink = await sinks.add(
            tx,
            tenant=tenant,
            url=url,
            secret_env=variable,
            patterns=wanted,
            private=private,
            from_start=from_start,
        )
        await sinks.note(tx, sink, "added", host=host)
    return sink


async def remove(db: Database, sink_id: str) -> Sink:
    """Forget a sink; what it was.

    Raises:
        NotFound: there is none of this id.
    """
    async with db.write() as tx:
        sink = await sinks.find(tx, sink_id)
        await sinks.remove(tx, sink)
        await sinks.note(tx, sink, "removed", host=egress.parse(sink.url).host)
    return sink


async def retry(db: Database, sink_id: str) -> int:
    """Send to this sink again now, however it stands; how many parked events are tried again.

    Raises:
        NotFound: there is none of this id.
    """
    async with db.write() as tx:
        sink = await sinks.find(tx, sink_id)
        again = await sinks.resume(tx, sink)
        await sinks.note(tx, sink, "resumed", host=egress.parse(sink.url).host)
    return again
