"""A halt begins and ends, whoever says so: what is written in the one transaction. Little is imported here, because
`autopilot halt` counts in tenths of a second."""

from collections.abc import Sequence

from bot.lifecycle.moves import note
from storage import audit, halts, posts, tasks
from storage.db import Tx
from storage.halts import Halt
from storage.records import JsonObject, PostKind
from storage.row_security import EVERYTHING

LONGEST_REASON = 300
"""characters; it stands on every waiting card"""


async def begin(tx: Tx, scope: str, *, who: str, reason: str, channels: Sequence[str] = ()) -> Halt | None:
    """Halt one workspace or EVERYTHING; None when it already stands still. Tasks at work stop as if told to."""
    halt = await halts.put(tx, scope, who=who, reason=reason)
    if halt is None:
        return None
    for tenant in await _tenants(tx, scope):
        for task in await tasks.ask_running_to_stop(tx, tenant):
            await note(tx, task, "stop_requested", {"who": who, "why": reason})
        await _tell(tx, tenant, "began", halt, who, reason, channels)
    return halt


async def end(tx: Tx, scope: str, *, who: str, reason: str, channels: Sequence[str] = ()) -> Halt | None:
    """Lift the halt of one workspace or of EVERYTHING; None when there is none. What waited goes on."""
    halt = await halts.lift(tx, scope)
    if halt is None:
        return None
    for tenant in await _tenants(tx, scope):
        await _tell(tx, tenant, "lifted", halt, who, reason, channels)
    tx.hint(tasks.WAKE)
    tx.hint(tasks.WAKE_APPROVED)
    return halt


async def _tenants(tx: Tx, scope: str) -> list[str]:
    if scope != EVERYTHING:
        return [scope]
    return [tenant for tenant, _seq, _hash in await audit.tenants(tx)] or [EVERYTHING]


async def _tell(tx: Tx, tenant: str, event: str, halt: Halt, who: str, reason: str, channels: Sequence[str]) -> None:
    body: JsonObject = {"who": who, "reason": reason, "everything": halt.tenant == EVERYTHING}
    await audit.append(tx, tenant, f"ops.halt.{event}", body=body)
    await posts.refresh_waiting(tx, tenant)
    now = Halt(tenant=halt.tenant, who=who, reason=reason, at=halt.at)
    said = f"{now}. Nothing is changed until it is lifted; questions are still answered."
    if event == "lifted":
        said = f"{now}. What was approved meanwhile runs now.".replace("halted by", "halt lifted by", 1)
    for channel in filter(None, dict.fromkeys(channels)):
        await posts.want(
            tx,
            tenant=tenant,
            kind=PostKind.NOTICE,
            subject=f"halt:{halt.at:.6f}:{event}",
            channel=channel,
            body={"text": said[:1].upper() + said[1:], "kind": "info"},
        )
