"""A plan and its calls: decided together, run one after the other, ended together when one of them does not run.

The plan's row carries the votes and the card. What runs is always one of its calls, under the same rules as a call of
its own; `tasks.proposal_id` names the one whose turn it is, so a worker that takes over knows where the plan stands.
"""

from bot.lifecycle.moves import note
from storage import posts, proposals, steps
from storage.db import Tx
from storage.records import JsonObject, Proposal, ProposalState, StepKind, Task
from tools.sealing import open_seal

_WAITING = (ProposalState.OPEN, ProposalState.APPROVED)
_DECIDED_DOWN = (ProposalState.REJECTED, ProposalState.EXPIRED)


async def with_calls(tx: Tx, proposal: Proposal) -> list[Proposal]:
    """The proposals that one decision is about: the calls of a plan in their order, or the proposal itself."""
    return await proposals.calls_of(tx, proposal.tenant, proposal.id) if proposal.is_plan else [proposal]


async def approve(tx: Tx, proposal: Proposal) -> Proposal:
    """Mark what people agreed to, all of a plan at once; gives the call that runs first."""
    calls = await with_calls(tx, proposal)
    await proposals.move(tx, proposal, ProposalState.APPROVED)
    for call in calls:
        if proposal.is_plan:
            await proposals.move(tx, call, ProposalState.APPROVED)
    return calls[0]


async def turn_down(
    tx: Tx, task: Task, proposal: Proposal, to: ProposalState, *, outcome: str, content: JsonObject
) -> list[Proposal]:
    """End what people said no to or nobody answered, all of a plan at once; each call's answer joins the transcript."""
    assert to in _DECIDED_DOWN
    calls = await with_calls(tx, proposal)
    await proposals.move(tx, proposal, to, outcome=outcome)
    for call in calls:
        if proposal.is_plan:
            await proposals.move(tx, call, to, outcome=outcome)
        if call.undoes is None:
            await _answer(tx, task, call, to.value, content)
    return calls


async def supersede(tx: Tx, proposal: Proposal, why: str) -> None:
    """Take an open call back because a person changed it; with it the whole plan it stands in."""
    whole = await proposals.get(tx, proposal.tenant, proposal.card_id)
    for one in [whole, *(await with_calls(tx, whole) if whole.is_plan else [])]:
        await proposals.move(tx, one, ProposalState.SUPERSEDED, outcome=why)


async def next_after(tx: Tx, proposal: Proposal) -> Proposal | None:
    """The call whose turn it is when this one has run; None when it was the last, or no plan's."""
    if proposal.plan_id is None:
        return None
    order = open_seal(await proposals.get(tx, proposal.tenant, proposal.plan_id)).calls()
    place = order.index(proposal.id) + 1
    return await proposals.get(tx, proposal.tenant, order[place]) if place < len(order) else None


async def close(tx: Tx, task: Task, proposal: Proposal, why: str = "") -> None:
    """End the plan that this call stands in; what has not begun will not run. Nothing to do for a call of its own."""
    if proposal.plan_id is None:
        return
    plan = await proposals.get(tx, task.tenant, proposal.plan_id)
    calls = await proposals.calls_of(tx, task.tenant, plan.id)
    left = [call for call in calls if call.state in _WAITING and call.id != proposal.id]
    for call in left:
        outcome = f"not run: the plan stopped before it ({why})" if why else "not run"
        await proposals.move(tx, call, ProposalState.CANCELLED, outcome=outcome)
        if call.undoes is None:
            await _answer(tx, task, call, "cancelled", {"message": outcome})
        else:
            await release(tx, call)
    if plan.state is ProposalState.APPROVED:
        ran = [call for call in calls if call.state is ProposalState.RAN]
        whole = len(ran) == len(calls) and not why
        at = next(call for call in calls if call.id == proposal.id)
        outcome = "" if whole else _how_far(at, calls, len(ran), why)
        await proposals.move(tx, plan, ProposalState.RAN if whole else ProposalState.FAILED, outcome=outcome)
        await note(tx, task, "plan_ended", {"proposal": plan.id, "ran": len(ran), "of": len(calls), "why": why})
        if plan.undoes is not None and not whole:
            await release(tx, plan)
    await posts.refresh(tx, task.tenant, plan.id)


async def release(tx: Tx, proposal: Proposal) -> None:
    """Offer Undo again on what this proposal would have taken back."""
    if proposal.undoes is not None:
        done = await proposals.get(tx, proposal.tenant, proposal.undoes)
        await proposals.mark(tx, proposal.tenant, proposal.undoes, undone_by=None)
        await posts.refresh(tx, proposal.tenant, done.card_id)


def _how_far(at: Proposal, calls: list[Proposal], ran: int, why: str) -> str:
    place = next(n for n, call in enumerate(calls, 1) if call.id == at.id)
    left = len(calls) - place
    rest = "" if not left else " The one after it was not run." if left == 1 else f" The {left} after it were not run."
    where = "after" if at.state is ProposalState.RAN else "at"
    step = "Undo takes back what ran; ask again for the rest." if ran else "Nothing was changed; ask again if needed."
    return f"{ran} of {len(calls)} ran. It stopped {where} {place}: {why}.{rest} {step}"


async def _answer(tx: Tx, task: Task, call: Proposal, status: str, content: JsonObject) -> None:
    body: JsonObject = {"call_id": call.call_id, "tool": call.tool, "status": status, "content": content}
    await steps.append(tx, task, task.turns, [(StepKind.RESULT, body)])
