"""Cases 14 and 18: what was approved is what runs, or nothing does."""

import json
from dataclasses import replace
from typing import Any

import pytest

from storage import proposals, tasks
from storage.canonical import canonical, digest
from storage.db import Database
from storage.records import Proposal, ProposalState, Task
from tests.builders import TENANT, a_new_task
from tests.tools.asking import approved, ask, bodies, execute, ledger, propose, tamper
from tests.tools.spy import Lab
from tools.altered import how_broken
from tools.errors import SealBroken, SealForeign
from tools.gateway import Gateway
from tools.outcomes import Denied, Execution, Ran, Refused
from tools.sealing import SealedCall, open_seal, seal


async def _run(gateway: Gateway, db: Database, task: Task, proposal: Proposal) -> Execution:
    async with db.read() as tx:
        stored = await proposals.get(tx, TENANT, proposal.id)
    return await execute(gateway, task, stored)


async def test_the_sealed_bytes_run_as_they_are(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    proposal = await approved(db, await propose(gateway, db, task))
    assert isinstance(await execute(gateway, task, proposal), Ran)
    assert lab.effects == [("lab.set", "checkout", 7, f"{TENANT}:proposal:{proposal.id}")]
    [line] = await ledger(db, task)
    assert (line.invoked_by, line.approved_by, line.key) == ("U0ANA", ["U0DANA"], f"proposal:{proposal.id}")


def _another(value: object) -> object:
    """A value of the same shape that is not this one."""
    match value:
        case str():
            return value + "x"
        case bool():
            return not value
        case int() | float():
            return value + 1
        case list():
            return [*value, *value[:1]] if value else None
        case dict():
            return {**value, "more": 1}
        case _:
            return "something"


async def test_any_sealed_field_changed_in_the_database_is_refused_and_audited(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Every single field of the sealed text, one after the other; then the text is put back and runs."""
    proposal = await approved(db, await propose(gateway, db, task))
    fields = json.loads(proposal.sealed)
    assert set(fields) == set(SealedCall.model_fields)
    for name, value in fields.items():
        changed = canonical({**fields, name: _another(value)})
        await tamper(db, "update proposals set sealed = :sealed where id = :id", sealed=changed, id=proposal.id)
        outcome = await _run(gateway, db, task, proposal)
        assert isinstance(outcome, Refused) and outcome.because == ("builtin:seal",), name
    refused = await bodies(db, "refused")
    assert len(refused) == len(fields) and {tuple(body["rules"]) for body in refused} == {("builtin:seal",)}
    assert lab.effects == [] and await ledger(db, task) == []
    await tamper(db, "update proposals set sealed = :sealed where id = :id", sealed=proposal.sealed, id=proposal.id)
    assert isinstance(await _run(gateway, db, task, proposal), Ran)


@pytest.mark.parametrize(
    ("column", "value"),
    [("tool", "lab.drop"), ("call_id", "other"), ("expires_at", 9e9), ("undoes", "f" * 64)],
)
async def test_a_column_beside_the_seal_that_says_otherwise_is_refused(
    gateway: Gateway, db: Database, lab: Lab, task: Task, column: str, value: object
) -> None:
    """A longer life, another tool, another call, an undo: the row may not say what the seal does not."""
    proposal = await approved(db, await propose(gateway, db, task))
    await tamper(db, f"update proposals set {column} = :value where id = :id", value=value, id=proposal.id)  # noqa: S608
    outcome = await _run(gateway, db, task, proposal)
    assert isinstance(outcome, Refused) and outcome.because == ("builtin:seal",)
    assert lab.effects == [] and len(await bodies(db, "refused")) == 1


async def test_a_proposal_moved_to_another_task_is_refused(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    proposal = await approved(db, await propose(gateway, db, task))
    async with db.write() as tx:
        other = await tasks.create(tx, a_new_task(requester="U0RILEY"))
    assert isinstance(await _run(gateway, db, other, proposal), Refused)
    await tamper(db, "update proposals set task_id = :task where id = :id", task=other.id, id=proposal.id)
    assert isinstance(await _run(gateway, db, other, proposal), Refused)
    assert lab.effects == []


async def test_a_resealed_text_under_its_own_hash_has_no_votes(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """An attacker who can write the row and hash anew still lacks approvals of the new id."""
    proposal = await propose(gateway, db, task)
    sealed = open_seal(proposal)
    new_id, text = seal(sealed.model_copy(update={"arguments": {"thing": "checkout", "value": 99, "env": "prod"}}))
    async with db.write() as tx:
        await proposals.vote(tx, tenant=TENANT, proposal_id=proposal.id, voter="U0DANA", approve=True)
        await proposals.create(
            tx,
            proposal_id=new_id,
            tenant=TENANT,
            task_id=task.id,
            call_id="c1",
            sealed=text,
            tool="lab.set",
            expires_at=sealed.expires_at,
        )
        await proposals.move(tx, await proposals.get(tx, TENANT, new_id), ProposalState.APPROVED)
        forged = await proposals.get(tx, TENANT, new_id)
    outcome = await execute(gateway, task, forged)
    assert isinstance(outcome, Refused) and outcome.because == ("builtin:entitlement",)
    assert lab.effects == []


async def test_an_unapproved_proposal_does_not_run(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """Whatever calls execute: a state other than approved is refused, whoever has voted."""
    proposal = await propose(gateway, db, task)
    async with db.write() as tx:
        await proposals.vote(tx, tenant=TENANT, proposal_id=proposal.id, voter="U0DANA", approve=True)
    for state in ProposalState:
        await tamper(db, "update proposals set state = :state where id = :id", state=state.value, id=proposal.id)
        if state is not ProposalState.APPROVED:
            outcome = await _run(gateway, db, task, proposal)
            assert isinstance(outcome, Refused) and outcome.because == ("builtin:state",), state
    assert lab.effects == []


async def test_a_broken_seal_in_a_task_stops_its_next_call(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """The record of what people said no to cannot be trusted any more; the worker does not break."""
    proposal = await propose(gateway, db, task)
    await tamper(db, "update proposals set sealed = '{}' where id = :id", id=proposal.id)
    outcome = await ask(gateway, task, "lab.read", {}, call_id="c2")
    assert isinstance(outcome, Denied) and outcome.because == ("builtin:seal",)


def test_the_id_is_the_hash_of_the_canonical_text(sealed_call: SealedCall) -> None:
    proposal_id, text = seal(sealed_call)
    assert proposal_id == digest(text) and canonical(json.loads(text)) == text


def test_a_seal_is_opened_only_under_its_own_hash(sealed_call: SealedCall) -> None:
    proposal_id, text = seal(sealed_call)
    row = _row(proposal_id, text, sealed_call)
    assert open_seal(row) == sealed_call
    with pytest.raises(SealBroken):
        open_seal(replace(row, id="0" * 64))
    with pytest.raises(SealBroken):
        open_seal(replace(row, tenant="T0OTHER"))


def _row(proposal_id: str, text: str, call: SealedCall) -> Proposal:
    return Proposal(
        id=proposal_id,
        tenant=call.tenant,
        task_id=call.task,
        call_id=call.call,
        sealed=text,
        tool=call.tool,
        state=ProposalState.OPEN,
        outcome="",
        undoes=None,
        undone_by=None,
        superseded_by=None,
        plan_id=None,
        place=0,
        grant_id=None,
        verified="",
        expires_at=call.expires_at,
        created_at=0.0,
        decided_at=None,
        finished_at=None,
    )


@pytest.fixture
def sealed_call() -> SealedCall:
    return SealedCall(
        tenant=TENANT,
        task="t",
        call="c",
        kind="call",
        channel="C",
        requester="U",
        editors=(),
        tool="lab.set",
        tool_version="1",
        tier="reversible",
        arguments={"ratio": 10.0, "text": "ü\u202e"},
        origins={},
        says="Set",
        verb="set",
        target_kind="service",
        target_id="x",
        env="prod",
        fingerprint="",
        before={},
        changes=(),
        counted=(),
        grade="analysed",
        risk=1,
        risk_parts=(),
        autonomy=1,
        reason_code="INCIDENT",
        skill="",
        why="",
        evidence=(),
        undo=None,
        undoes=None,
        supersedes=None,
        moved=(),
        obligations=(),
        rules=(),
        agent="a",
        agent_version="1",
        policy_version="1",
        proposed_at=1.5,
        expires_at=2.25,
    )


@pytest.mark.parametrize("late", [False, True])
async def test_what_another_version_sealed_waits_for_it_and_is_refused_when_its_time_is_over(
    gateway: Gateway, db: Database, lab: Lab, task: Task, *, late: bool
) -> None:
    """Half of the replicas are upgraded: an older one leaves the call to a newer one. Rolled back, there is none."""
    mine = await propose(gateway, db, task)
    until = 1000.0 if late else mine.expires_at
    newer = canonical({**json.loads(mine.sealed), "of_tomorrow": True, "expires_at": until})
    async with db.write() as tx:
        row: dict[str, Any] = {"tenant": TENANT, "task_id": task.id, "call_id": mine.call_id, "tool": mine.tool}
        made = await proposals.create(tx, proposal_id=digest(newer), sealed=newer, expires_at=until, **row)
    with pytest.raises(SealForeign, match="sealed by another version of this program; nothing ran, ask again"):
        open_seal(made)
    async with db.read() as tx:
        assert "another version" in await how_broken(tx, made)
    decided = await approved(db, made)
    if late:
        outcome = await execute(gateway, task, decided)
        assert isinstance(outcome, Refused) and "sealed by another version" in outcome.message
    else:
        with pytest.raises(SealForeign):
            await execute(gateway, task, decided)
        assert await bodies(db, "refused") == []
    assert lab.effects == []
