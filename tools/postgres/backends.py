"""Changes: stop what one connection does, or end it. Named by pid and start, so that never another one is hit."""

from typing import Final

from tools.contract import Change, Counted, Held, Impact, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import Operator
from tools.postgres.health import backend_of
from tools.sources.python_toolbox import Toolbox

BACKEND = {"kind": "backend", "id": "num(args.pid)"}
SIGNAL = """
select {function}(pid) as sent from pg_stat_activity
where pid = $1 and to_json(backend_start)#>>'{{}}' = $2 and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


STOPS: Final = {"tier": "irreversible", "target": BACKEND, "dry_run": "analysed", "watch_seconds": 5}
"""what both ways to stop a connection declare"""


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""

    async def look(pid: int, backend_start: str, after: str) -> Impact:
        seen = await backend_of(operator, pid, backend_start)
        async with operator.looking() as db:
            blocked = await db.row(
                "select count(*)::int8 as count from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", pid
            )
        doing = f"{seen['state']} for {seen['seconds']} s: {seen['query']}"
        return Impact(
            grade=DryRun.ANALYSED,
            before={"pid": pid, "backend_start": backend_start, "role": seen["role"], "query": seen["query"]},
            changes=(Change(label=f"connection of {seen['role']} {seen['application']}", before=doing, after=after),),
            counted=(Counted(count=int(str((blocked or {"count": 0})["count"])), unit="connections that wait for it"),),
        )

    async def signal(function: str, pid: int, backend_start: str) -> JsonObject:
        async with operator.changing() as db:
            sent = await db.row(SIGNAL.format(function=function), pid, backend_start)
        if sent is None:
            says = f"connection {pid} of {backend_start} is gone; nothing was stopped"
            raise ToolFailed(says, effect_possible=False, reason="refused")
        return {"pid": pid, "sent": bool(sent["sent"])}

    @box.write(
        **STOPS,
        title="'Cancelled the statement of connection ' + num(args.pid)",
        says="'Cancel what database connection ' + num(args.pid) + ' does in ' + env",
        verb="cancel",
        side_effects=["its transaction fails and is rolled back; the client may try again"],
        failure_modes=["it does not listen at once: then ending it is the next step"],
    )
    async def cancel_backend(pid: int, backend_start: str) -> JsonObject:
        """Cancel the statement that one connection runs. Take pid and backend_start from activity or locks."""
        return await signal("pg_cancel_backend", pid, backend_start)

    @cancel_backend.preview
    async def cancel_look(pid: int, backend_start: str) -> Impact:
        return await look(pid, backend_start, "cancelled, the connection stays")

    @cancel_backend.verify
    async def cancel_took(pid: int, backend_start: str, before: JsonObject) -> Verified:
        seen = await still(operator, pid, backend_start)
        if isinstance(seen, Verified):
            return seen
        runs = seen["state"] == "active" and seen["query"] == before.get("query", seen["query"])
        return Verified(held=Held.NO if runs else Held.YES, says=f"connection {pid} is {seen['state']}", data=seen)

    @box.write(
        **STOPS,
        title="'Ended connection ' + num(args.pid)",
        says="'End database connection ' + num(args.pid) + ' in ' + env",
        verb="end connection",
        side_effects=["its transaction is rolled back; a pool opens another one"],
        failure_modes=["the client connects again and does the same"],
    )
    async def terminate_backend(pid: int, backend_start: str) -> JsonObject:
        """End one connection. Cancel first; this is for one that is idle in a transaction or does not listen."""
        return await signal("pg_terminate_backend", pid, backend_start)

    @terminate_backend.preview
    async def terminate_look(pid: int, backend_start: str) -> Impact:
        return await look(pid, backend_start, "ended")

    @terminate_backend.verify
    async def terminate_took(pid: int, backend_start: str) -> Verified:
        seen = await still(operator, pid, backend_start)
        if isinstance(seen, Verified):
            return seen
        return Verified(held=Held.NO, says=f"connection {pid} is still there, {seen['state']}", data=seen)


async def still(operator: Operator, pid: int, backend_start: str) -> JsonObject | Verified:
    """The connection as it is now; a verdict when it is gone (what was wanted), or nobody can tell."""
    try:
        return await backend_of(operator, pid, backend_start)
    except ToolFailed as error:
        held = Held.YES if error.reason == "refused" else Held.UNKNOWN
        return Verified(held=held, says=f"connection {pid} is gone" if held is Held.YES else str(error))
