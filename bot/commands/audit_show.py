"""The record for people."""

import datetime as dt
from collections.abc import Callable

from bot.commands.audit_store import chains, opened
from bot.failed import CommandFailed
from bot.terminal.printable import one_line
from storage import audit
from storage.erased import is_emptied, rest_of

LONGEST = 160
"""characters of an entry's body that are shown"""


async def show_entries(url: str, say: Callable[[str], None], *, task: str, tenant: str, limit: int) -> None:
    """The newest `limit` entries of each tenant (of one task: its first ones), one a line."""
    shown = 0
    async with opened(url) as db:
        for name, seq, _hash in await chains(db, tenant):
            async with db.read() as tx:
                after = 0 if task else max(0, seq - limit)
                found = await audit.entries(tx, name, after=after, limit=limit, task_id=task)
            if found:
                say(f"workspace {name}")
            for entry in found:
                at = dt.datetime.fromtimestamp(entry.at, dt.UTC)
                said = f"(erased) {rest_of(entry.body)}" if is_emptied(entry.body) else entry.body
                body = one_line(said)
                body = body if len(body) <= LONGEST else f"{body[:LONGEST]}…"
                say(f"{entry.seq:>7}  {at:%Y-%m-%d %H:%M:%S}  {one_line(entry.event)}  {entry.task_id}  {body}")
            shown += len(found)
    if not shown and task:
        raise CommandFailed(f"no entries of task {task!r}; see the ids with 'autopilot audit show'")
    if not shown:
        say("there are no entries yet")
