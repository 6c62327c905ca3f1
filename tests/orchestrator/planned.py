"""Plans that wait or ran, and what a test asks about them."""

from typing import Any

from bot.brains.base import Call
from bot.orchestrator.show import Showroom
from bot.orchestrator.views import ApprovalView
from storage import proposals, tasks
from storage.records import Proposal
from tests.builders import TENANT
from tests.orchestrator.office import DONE, Office, a_change

THREE = [
    a_change(7, "checkout", "c1"),
    a_change(9, "search", "c2"),
    a_change(5, "orders", "c3"),
]


def a_drop(call_id: str = "d1") -> Call:
    return Call(call_id=call_id, tool="lab.drop", arguments={"thing": "cache", "reason_code": "INCIDENT"})


def a_read(call_id: str = "r1") -> Call:
    return Call(call_id=call_id, tool="lab.read", arguments={"thing": "checkout"})


async def planned(office: Office, calls: list[Any] | None = None) -> tuple[Proposal, list[Proposal]]:
    """A plan that waits, with its calls."""
    office.script = [list(calls or THREE), DONE, DONE]
    task = await office.ask(thread=f"{next(office.keys)}.0")
    assert await office.work()
    plan = await card_of(office, task.id)
    assert plan.is_plan
    return plan, await calls_of(office, plan)


async def card_of(office: Office, task_id: str) -> Proposal:
    """What the task waits for."""
    async with office.db.read() as tx:
        task = await tasks.get(tx, TENANT, task_id)
        return await proposals.get(tx, TENANT, task.proposal_id or "")


async def calls_of(office: Office, plan: Proposal) -> list[Proposal]:
    async with office.db.read() as tx:
        return await proposals.calls_of(tx, TENANT, plan.id)


async def view_of(office: Office, proposal: Proposal) -> ApprovalView:
    room = Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed)
    return await room.approval(TENANT, proposal.id)


def changes_of(office: Office) -> list[tuple[str, int]]:
    return [(thing, value) for _, thing, value, _ in office.lab.effects]


async def states_of(office: Office, plan: Proposal) -> list[str]:
    return [call.state.value for call in await calls_of(office, plan)]
