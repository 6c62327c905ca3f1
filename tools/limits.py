"""What people have already said in a task, and how much one task and one person may ask of them."""

from dataclasses import dataclass

from policy.types import Actor, Target
from storage import proposals
from storage.canonical import canonical
from storage.db import Tx
from storage.records import Proposal, ProposalState, Source, Task
from tools.contract import JsonObject
from tools.errors import SealBroken
from tools.outcomes import Denied
from tools.requests import RequestedCall, Scope
from tools.sealing import SealedCall, open_seal

MOST_A_MINUTE = 10
"""proposals all tasks of one requester may make in a minute; people cannot read more with care"""
NOES_ABOUT_ONE = 2
"""times people may say no to one tool on one target in a task, whatever the values: a no asks for something better,
and two are an answer"""
NOES = 4
"""times they may say no to anything in a task"""
AGAIN = 5
"""times a call is decided anew because other changes began at the very moment it was to begin"""
OF_PEOPLE = (Source.MENTION, Source.DM, Source.AUTO, Source.COMMAND, Source.SCHEDULE, Source.UNDO)
"""sources that name a person who must still be one of us when a call is judged, and again when it runs"""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The proposals a task has made so far, as far as one call is concerned."""

    open: Proposal | None = None
    """this very call already waits"""
    refusal: Denied | None = None
    """people said no to exactly this, or the record is broken"""
    replaced: SealedCall | None = None
    """the proposal of this call that a person's edit or word replaced"""
    replaced_id: str | None = None
    replaced_plan: str | None = None
    """the plan that held what was replaced"""
    editors: tuple[str, ...] = ()
    """everybody who wrote values into this call"""
    other_calls: int = 0
    """calls of this task that were proposed besides this one"""
    last_minute: int = 0
    """proposals of this requester in the last minute"""


async def look_back(tx: Tx, call: RequestedCall, arguments: JsonObject, target: Target) -> Earlier:
    """What this task's proposals mean for this call."""
    waiting: Proposal | None = None
    refusal: Denied | None = None
    replaced: tuple[SealedCall, str] | None = None
    replaced_plan: str | None = None
    editors: list[str] = [call.edited_by] if call.edited_by else []
    others: set[str] = set()
    noes, about_this = 0, 0
    for proposal in await proposals.of_task(tx, call.task.tenant, call.task.id):
        try:
            sealed = open_seal(proposal)
        except SealBroken as error:
            return Earlier(refusal=Denied(because=("builtin:seal",), message=str(error)))
        no = proposal.state is ProposalState.REJECTED
        noes += no and proposal.plan_id is None  # a plan is one question, whatever it holds
        if proposal.is_plan:
            continue
        if proposal.call_id == call.call_id:
            waiting = proposal if proposal.state is ProposalState.OPEN else waiting
            if proposal.state is ProposalState.SUPERSEDED:
                replaced, replaced_plan = (sealed, proposal.id), proposal.plan_id
            editors += sealed.editors
            continue
        others.add(proposal.call_id)
        about_this += no and (sealed.tool, sealed.target_kind, sealed.target_id) == (call.tool, target.kind, target.id)
        same = (sealed.tool, canonical(sealed.arguments)) == (call.tool, canonical(arguments))
        if same and proposal.state is ProposalState.REJECTED and not call.edited_by:
            refusal = Denied(
                because=("builtin:asked-before",),
                message=f"people said no to exactly this in this task ({proposal.outcome}); do not ask again",
            )
    if refusal is None and not call.edited_by and (about_this >= NOES_ABOUT_ONE or noes >= NOES):
        what = f"{call.tool} on {target.id!r}" if about_this >= NOES_ABOUT_ONE else "changes"
        message = f"people said no to {what} {max(about_this, noes)} times in this task; do not ask again"
        refusal = Denied(because=("builtin:asked-before",), message=message)
    return Earlier(
        open=waiting,
        refusal=refusal,
        replaced=replaced[0] if replaced else None,
        replaced_id=replaced[1] if replaced else None,
        replaced_plan=replaced_plan,
        editors=tuple(sorted(set(editors))),
        other_calls=len(others),
        last_minute=await proposals.asked_since(tx, call.task.tenant, call.task.requester, 60.0),
    )


def out_of_scope(call: RequestedCall) -> Denied | None:
    """Why this agent, on behalf of this person, may not even have the call looked at; None when it may."""
    return not_of_agent(call.task, call.scope, call.tool) or unknown_requester(
        call.task, call.task.requester, call.requester
    )


def not_of_agent(task: Task, scope: Scope | None, tool: str) -> Denied | None:
    """Why the task's agent may not use this tool; None when it may. `scope`: its own, None once it is not installed."""
    if scope is not None and scope.covers(tool):
        return None
    why = f"may not use {tool!r}" if scope is not None else "is not installed here any more"
    return Denied(because=("builtin:agent-tools",), message=f"agent {task.agent!r} {why}")


def unknown_requester(task: Task, named: str, requester: Actor | None) -> Denied | None:
    """Why nothing is done in the name of somebody who has left; None for others, and for what no person asked for."""
    if requester is not None or task.source not in OF_PEOPLE:
        return None
    message = f"{named!r} is no active member of this workspace any more, so nothing is done for them"
    return Denied(because=("builtin:unknown-requester",), message=message)


def denied_by_halt(halted: str) -> Denied:
    """What a brain is told of a write while a halt stands."""
    return Denied(because=("builtin:halt",), message=f"{halted}; nothing is changed until a person lifts it")


def overtaken() -> Denied:
    """What is said of a change that others came before each time."""
    message = "too many other changes began at the same moment; nothing was changed, ask again"
    return Denied(because=("builtin:overtaken",), message=message)


def too_many(call: RequestedCall, earlier: Earlier, beside: int = 0) -> Denied | None:
    """Why people are not asked once more; None when they are. A person's own edit is never one too many.

    `beside`: calls that are about to be asked about together with this one.
    """
    if earlier.replaced is not None:
        return None
    if earlier.other_calls + beside >= call.scope.max_proposals:
        message = f"this task has asked people {earlier.other_calls} times, the limit for one task; do not ask again"
        return Denied(because=("builtin:proposals-of-task",), message=message)
    if earlier.last_minute + beside >= MOST_A_MINUTE:
        message = f"{earlier.last_minute} proposals for one person within a minute, at most {MOST_A_MINUTE}; ask later"
        return Denied(because=("builtin:proposals-a-minute",), message=message)
    return None
