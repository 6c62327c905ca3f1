"""Sealed calls waiting for people, and the votes on them."""

from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.errors import LostRace, NotFound
from storage.inserts import insert_new
from storage.records import Proposal, ProposalState, Vote
from storage.tables import proposals, tasks, votes

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
) -> Proposal:
    """Keep a sealed call. Its id must be the SHA-256 of `sealed`."""
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
    query = sa.select(proposals).where(proposals.c.tenant == tenant, proposals.c.id == proposal_id)
    row = (await tx.run(query)).one_or_none()
    if row is None:
        raise NotFound("proposal", proposal_id)
    return _record(row)


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
    values: dict[str, Any] = {"state": to, **columns}
    if proposal.state is ProposalState.OPEN:
        values["decided_at"] = now()
    if to in ENDED:
        values["finished_at"] = now()
    row = (
        await tx.run(
            proposals.update()
            .where(
                proposals.c.id == proposal.id,
                proposals.c.tenant == proposal.tenant,
                proposals.c.state == proposal.state,
            )
            .values(values)
            .returning(proposals)
        )
    ).one_or_none()
    if row is None:
        raise LostRace("proposal", proposal.id)
    return _record(row)


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
            proposals.c.state == ProposalState.RAN,
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


async def overdue(tx: Tx, limit: int = 50) -> list[Proposal]:
    """Open proposals of all tenants whose time has passed, by the database's clock. Not locked: lock the task first."""
    rows = await tx.run(
        sa.select(proposals)
        .where(proposals.c.state == ProposalState.OPEN, proposals.c.expires_at <= now())
        .limit(limit)
    )
    return [_record(row) for row in rows]


async def asked_since(tx: Tx, tenant: str, requester: str, seconds: float) -> int:
    """How many proposals one requester's tasks made in the last `seconds`."""
    asked = (
        sa.select(sa.func.count())
        .select_from(proposals.join(tasks, tasks.c.id == proposals.c.task_id))
        .where(tasks.c.tenant == tenant, tasks.c.requester == requester, proposals.c.created_at > now() - seconds)
    )
    return int((await tx.run(asked)).scalar_one())


async def recent(tx: Tx, tenant: str, *, since: float = 0.0, limit: int = 200) -> list[Proposal]:
    """Proposals made or finished since then, newest first."""
    rows = await tx.run(
        sa.select(proposals)
        .where(proposals.c.tenant == tenant, sa.or_(proposals.c.created_at >= since, proposals.c.finished_at >= since))
        .order_by(proposals.c.created_at.desc())
        .limit(limit)
    )
    return [_record(row) for row in rows]


async def open_ones(tx: Tx, tenant: str, limit: int = 50) -> list[Proposal]:
    """Proposals that wait for people, oldest first."""
    waiting = (ProposalState.OPEN, ProposalState.IN_DOUBT)
    rows = await tx.run(
        sa.select(proposals)
        .where(proposals.c.tenant == tenant, proposals.c.state.in_(waiting))
        .order_by(proposals.c.created_at)
        .limit(limit)
    )
    return [_record(row) for row in rows]


async def vote(tx: Tx, *, tenant: str, proposal_id: str, voter: str, approve: bool, reason: str = "") -> bool:
    """Record one person's vote; False when that person has already voted so."""
    row = {"proposal_id": proposal_id, "voter": voter, "approve": approve, "tenant": tenant, "reason": reason}
    done = await tx.run(insert_new(tx, votes).values(**row, at=now()))
    return bool(done.rowcount)


async def votes_on(tx: Tx, tenant: str, proposal_id: str) -> list[Vote]:
    """The votes on one proposal, oldest first."""
    rows = await tx.run(
        sa.select(votes).where(votes.c.tenant == tenant, votes.c.proposal_id == proposal_id).order_by(votes.c.at)
    )
    return [
        Vote(proposal_id=row.proposal_id, voter=row.voter, approve=row.approve, reason=row.reason, at=row.at)
        for row in rows
    ]
