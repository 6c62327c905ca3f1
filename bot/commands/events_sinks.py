"""What `autopilot events sinks` does and prints."""

import datetime as dt
from collections.abc import Callable, Sequence

from bot.commands.audit_store import opened
from bot.events import egress, registering, signature
from bot.events.errors import BadSecret, BadSink
from bot.failed import CommandFailed
from bot.settings import environment
from storage import audit, sinks
from storage.db import Database, Tx
from storage.sinks import Sink, SinkState

Say = Callable[[str], None]
PARKED_SHOWN = 5


async def show(url: str, say: Say, *, tenant: str) -> None:
    """Every sink, a few lines each."""
    async with opened(url) as db, db.read() as tx:
        found = await sinks.every(tx, tenant)
        if not found:
            say("no event sinks; add one with 'autopilot events sinks add URL'")
        for sink in found:
            await _describe(tx, say, sink)


async def _describe(tx: Tx, say: Say, sink: Sink) -> None:
    state = f"paused: {sink.why}" if sink.state is SinkState.PAUSED else sink.state
    say(f"{sink.id}  {sink.tenant}  {_address(sink)}  {state}")
    say(f"  events {', '.join(sink.patterns)}; signed with {sink.secret_env}")
    last = "never" if sink.delivered_at is None else _time(sink.delivered_at)
    say(f"  {await sinks.behind(tx, sink)} entries behind; last delivered {last}")
    if sink.last_error and sink.state is SinkState.ACTIVE:
        again = f"; tried again at {_time(sink.next_try_at)}" if sink.failures else ""
        say(f"  last error: {sink.last_error}{again}")
    count = await sinks.parked_count(tx, sink)
    if count:
        say(f"  {count} given up on; 'autopilot events sinks retry {sink.id}' sends them again")
        for one in await sinks.parked(tx, sink, PARKED_SHOWN):
            say(f"    {one.seq} {one.event} {one.task_id}: {one.error}")


async def add_one(
    url: str,
    say: Say,
    *,
    tenant: str,
    url_of_sink: str,
    secret_env: str,
    events: Sequence[str],
    private: bool,
    from_start: bool,
) -> None:
    """Add a sink and say what it needs still.

    Raises:
        CommandFailed: something about it cannot be used.
    """
    async with opened(url) as db:
        try:
            sink = await registering.add(
                db,
                tenant=tenant or await _only_tenant(db),
                url=url_of_sink,
                secret_env=secret_env,
                events=events,
                private=private,
                from_start=from_start,
            )
        except BadSink as error:
            raise CommandFailed(str(error)) from None
    say(f"{sink.id}: {_address(sink)} gets {', '.join(sink.patterns)} of workspace {sink.tenant}")
    try:
        signature.keys_of(sink.secret_env, environment())
    except BadSecret as error:
        say(f"  nothing is sent before the bot has its secret: {error}")


async def remove_one(url: str, say: Say, sink_id: str) -> None:
    """Remove a sink."""
    async with opened(url) as db:
        sink = await registering.remove(db, sink_id)
    say(f"{sink.id}: {_address(sink)} is removed and gets nothing more")


async def retry_one(url: str, say: Say, sink_id: str) -> None:
    """Let a sink be tried now."""
    async with opened(url) as db:
        again = await registering.retry(db, sink_id)
    say(f"{sink_id}: tried again now, with {again} events that were given up on")


async def _only_tenant(db: Database) -> str:
    async with db.read() as tx:
        names = [name for name, _seq, _hash in await audit.tenants(tx)]
    if len(names) != 1:
        known = f"there are {', '.join(names)}" if names else "none has a record yet"
        raise CommandFailed(f"say which workspace with --tenant, its Slack team id (T…); {known}")
    return names[0]


def _address(sink: Sink) -> str:
    """Scheme and host: a webhook's path is often a secret."""
    place = egress.parse(sink.url)
    return f"{place.scheme}://{place.authority}/{'…' if place.path != '/' else ''}"


def _time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
