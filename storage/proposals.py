"""Sealed calls waiting for people, and the votes on them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage import seals
from storage.clock import now
from storage.db import Tx
from storage.errors import LostRace, NotFound
from storage.inserts import new_in
from storage.plain import Plain
from storage.records import PLAN, PostKind, Proposal, ProposalState, Vote
from storage.tables import posts, proposals, tasks, votes
from storage.tables.approval import ASKING, STILL_OPEN

ENDED = (
    ProposalState.RAN,
    ProposalState.FAILED,
    ProposalState.REFUSED,
    ProposalState.REJECTED,
    ProposalState.EXPIRED,
    ProposalState.SUPERSEDED,
    ProposalState.CANCELLED,
)


def _record(row: sa.Row[Any]) -> Proposal:
    values = {name: row._mapping[name] for name in Proposal.__dataclass_fields__}
    return Proposal(**{**values, "state": ProposalState(row.state)})


_FIELDS = tuple(Proposal.__dataclass_fields__)
_COLUMNS = [proposals.c[name] for name in _FIELDS]


def _proposal(row: Sequence[Any]) -> Proposal:
    values = dict(zip(_FIELDS, row, strict=True))
    return Proposal(**{**values, "state": ProposalState(values["state"])})


_ONE = Plain(
    sa.select(*_COLUMNS).where(proposals.c.tenant == sa.bindparam("of"), proposals.c.id == sa.bindparam("id_")),
    ("of", "id_"),
)
_CALLS = Plain(
    sa.select(*_COLUMNS)
    .where(proposals.c.tenant == sa.bindparam("of"), proposals.c.plan_id == sa.bindparam("plan"))
    .order_by(proposals.c.place),
    ("of", "plan"),
)


@lru_cache(maxsize=64)
def _move_of(columns: frozenset[str], *, decides: bool, ends: bool) -> Plain:
    """The statement of a move that sets these columns besides: few kinds of moves are made often."""
    new = {name: sa.bindparam(f"new_{name}", type_=proposals.c[name].type) for name in sorted(columns)}
    values: dict[str, Any] = {"state": sa.bindparam("to_", type_=sa.Text), **new}
    if decides:
        values["decided_at"] = now()
    if ends:
        values["finished_at"] = now()
    which = sa.and_(
        proposals.c.id == sa.bindparam("id_"),
        proposals.c.tenant == sa.bindparam("of"),
        proposals.c.state == sa.bindparam("from_"),
    )
    moved = proposals.update().where(which).values(values).returning(*_COLUMNS)
    return Plain(moved, ("to_", "id_", "of", "from_", *(f"new_{name}" for name in columns)))


async def create(
    tx: Tx,
    *,
    proposal_id: str,
    tenant: str,
    task_id: str,
    call_id: str,
    sealed: str,
    tool: str,
    expires_at: float,
    undoes: str | None = None,
    plan_id: str | None = None,
    place: int = 0,
) -> Proposal:
    """Keep a sealed call, and a second copy for good. Its id must be the SHA-256 of `sealed`."""
    await seals.keep(tx, tenant=tenant, proposal_id=proposal_id, sealed=sealed)
    row = (
        await tx.run(
            proposals.insert()
            .values(
                id=proposal_id,
                tenant=tenant,
                task_id=task_id,
                call_id=call_id,
                sealed=sealed,
                tool=tool,
                state=ProposalState.OPEN,
                expires_at=expires_at,
                created_at=now(),
                undoes=undoes,
                plan_id=plan_id,
                place=place,
            )
            .returning(proposals)
        )
    ).one()
    return _record(row)


async def get(tx: Tx, tenant: str, proposal_id: str) -> Proposal:
    """One proposal of this tenant.

    Raises:
        NotFound: no such proposal in this tenant.
    """
    rows = await _ONE.run(tx, {"of": tenant, "id_": proposal_id})
    if not rows:
        raise NotFound("proposal", proposal_id)
    return _proposal(rows[0])


async def find_short(tx: Tx, tenant: str, prefix: str) -> Proposal:
    """The one proposal whose id starts with `prefix` (12 characters are printed on cards).

    Raises:
        NotFound: none, or more than one.
    """
    query = sa.select(proposals).where(proposals.c.tenant == tenant, proposals.c.id.startswith(prefix, autoescape=True))
    rows = (await tx.run(query.limit(2))).all()
    if len(rows) != 1:
        raise NotFound("proposal", prefix)
    return _record(rows[0])


async def move(tx: Tx, proposal: Proposal, to: ProposalState, **columns: Any) -> Proposal:
    """Change the state of a proposal that is still in the state it was read in.

    Raises:
        LostRace: it moved since.
    """
    statement = _move_of(frozenset(columns), decides=proposal.state is ProposalState.OPEN, ends=to in ENDED)
    values = {f"new_{name}": value for name, value in columns.items()}
    values |= {"to_": to, "id_": proposal.id, "of": proposal.tenant, "from_": proposal.state}
    rows = await statement.run(tx, values)
    if not rows:
        raise LostRace("proposal", proposal.id)
    return _proposal(rows[0])


async def mark(tx: Tx, tenant: str, proposal_id: str, **columns: Any) -> None:
    """Set plain columns (verified, undone_by, outcome) without a change of state."""
    await tx.run(
        proposals.update().where(proposals.c.tenant == tenant, proposals.c.id == proposal_id).values(**columns)
    )


async def claim_undo(tx: Tx, proposal: Proposal, undo_id: str) -> bool:
    """Book the one Undo of a proposal that ran; False when another undo has it."""
    done = await tx.run(
        proposals.update()
        .where(
            proposals.c.id == proposal.id,
            proposals.c.tenant == proposal.tenant,
            proposals.c.undone_by.is_(None),
            sa.or_(
                proposals.c.state == ProposalState.RAN,
                # of a plan that stopped on its way, what ran can be taken back
                sa.and_(proposals.c.state == ProposalState.FAILED, proposals.c.tool == PLAN),
            ),
        )
        .values(undone_by=undo_id)
    )
    return bool(done.rowcount)


async def of_task(tx: Tx, tenant: str, task_id: str) -> list[Proposal]:
    """All proposals of a task, oldest first."""
    rows = await tx.run(
        sa.select(proposals)
        .where(proposals.c.tenant == tenant, proposals.c.task_id == task_id)
        .order_by(proposals.c.created_at)
    )
    return [_record(row) for row in rows]


async def calls_of(tx: Tx, tenant: str, plan_id: str) -> list[Proposal]:
    """The calls of a plan in their order; [] for a call of its own."""
    return [_proposal(row) for row in await _CALLS.run(tx, {"of": tenant, "plan": plan_id})]


async def overdue(tx: Tx, limit: int = 50) -> list[Proposal]:
    """Open proposals of all tenants whose time has passed, by the database clock; of a plan only itself. Not locked."""
    alone = sa.func.coalesce(proposals.c.plan_id, "") == ""  # as `is null` SQLite looks it up: nearly all are
    late = sa.select(proposals).where(STILL_OPEN, proposals.c.expires_at <= now(), alone)
    return [_record(row) for row in await tx.run(late.order_by(proposals.c.expires_at).limit(limit))]


async def asked_since(tx: Tx, tenant: str, requester: str, seconds: float) -> int:
    """How many proposals one requester's tasks made in the last `seconds`."""
    asked = (
        sa.select(sa.func.count())
        .select_from(proposals.join(tasks, tasks.c.id == proposals.c.task_id))
        .where(
            proposals.c.tenant == tenant,
            tasks.c.requester == requester,
            proposals.c.created_at > now() - seconds,
            proposals.c.tool != PLAN,  # its calls count
        )
    )
    return int((await tx.run(asked)).scalar_one())


async def recent(tx: Tx, tenant: str, *, since: float = 0.0, limit: int = 200) -> list[Proposal]:
    """Proposed calls made, decided or finished since then, newest first; of a plan, its calls."""
    fresh = sa.or_(
        *(moment >= since for moment in (proposals.c.created_at, proposals.c.decided_at, proposals.c.finished_at))
    )
    rows = await tx.run(
        sa.select(proposals)
        .where(proposals.c.tenant == tenant, fresh, proposals.c.tool != PLAN)
        .order_by(proposals.c.created_at.desc())
        .limit(limit)
    )
    return [_record(row) for row in rows]


async def open_ones(tx: Tx, tenant: str, limit: int = 50) -> list[Proposal]:
    """Proposals that wait for people, oldest first. A plan stands for its calls, but each doubt for itself."""
    itself = sa.or_(proposals.c.plan_id.is_(None), proposals.c.state == ProposalState.IN_DOUBT)
    rows = await tx.run(
        sa.select(proposals)
        .where(proposals.c.tenant == tenant, ASKING, itself)
        .order_by(proposals.c.created_at)
        .limit(limit)
    )
    return [_record(row) for row in rows]


async def waiting_in_thread(tx: Tx, tenant: str, channel: str, person: str, thread_ts: str) -> str | None:
    """The newest open proposal of a thread's tasks, or of the card in a person's direct message it hangs on; its id."""
    here = sa.and_(tasks.c.channel == channel, tasks.c.thread_ts == thread_ts)
    card = sa.select(posts.c.subject).where(
        posts.c.tenant == tenant, posts.c.channel == person, posts.c.ts == thread_ts, posts.c.kind == PostKind.CARD
    )
    found = (
        sa.select(proposals.c.id)
        .join(tasks, tasks.c.id == proposals.c.task_id)
        .where(
            proposals.c.tenant == tenant,
            proposals.c.state == ProposalState.OPEN,
            proposals.c.plan_id.is_(None),
            sa.or_(here, proposals.c.id.in_(card)),
        )
        .order_by(proposals.c.created_at.desc())
        .limit(1)
    )
    return (await tx.run(found)).scalar_one_or_none()


_VOTE = tuple(Vote.__dataclass_fields__)
_VOTES = Plain(
    sa.select(*(votes.c[name] for name in _VOTE))
    .where(votes.c.tenant == sa.bindparam("of"), votes.c.proposal_id == sa.bindparam("on"))
    .order_by(votes.c.at),
    ("of", "on"),
)
_NEW_VOTE = Plain(
    lambda engine: new_in(engine, votes).values(at=now()).returning(votes.c.voter),
    ("proposal_id", "voter", "approve", "tenant", "reason", "stepped_up", "stepped_up_at"),
)


def _vote(row: Sequence[Any]) -> Vote:
    values = dict(zip(_VOTE, row, strict=True))
    return Vote(**{**values, "approve": bool(values["approve"])})


async def vote(
    tx: Tx, *, tenant: str, proposal_id: str, voter: str, approve: bool, reason: str = "", stepped_up: str = ""
) -> bool:
    """Record one person's vote; False when that person has already voted so.

    `stepped_up` is the second factor just proven for it; it is added to a vote that was given without one.
    """
    row = {"proposal_id": proposal_id, "voter": voter, "approve": approve, "tenant": tenant, "reason": reason}
    proven = {"stepped_up": stepped_up, "stepped_up_at": await tx.time() if stepped_up else None}
    done = await _NEW_VOTE.run(tx, {**row, **proven})
    if done or not stepped_up:
        return bool(done)
    same = (votes.c.proposal_id == proposal_id, votes.c.voter == voter, votes.c.approve == approve)
    again = await tx.run(votes.update().where(*same, votes.c.tenant == tenant, votes.c.stepped_up == "").values(proven))
    return bool(again.rowcount)


async def votes_on(tx: Tx, tenant: str, proposal_id: str) -> list[Vote]:
    """The votes on one proposal, oldest first."""
    return [_vote(row) for row in await _VOTES.run(tx, {"of": tenant, "on": proposal_id})]
