"""Half of the replicas are upgraded: what one version cannot read is left to the other, and is not lost by it."""

import pytest

from bot.orchestrator import sweeps
from storage import posts
from storage.records import PostKind, Proposal, ProposalState, TaskState
from tests.orchestrator.office import DONE, Office, a_change
from tests.tools.asking import bodies, tamper
from tools.errors import SealForeign


def _older(proposal: Proposal) -> None:
    """How a version reads what a newer one sealed: tests/tools/test_seal.py."""
    raise SealForeign(proposal.id)


async def test_an_approved_call_of_a_newer_version_waits_for_a_replica_that_can_read_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    with monkeypatch.context() as replica:
        replica.setattr("tools.rechecking.open_seal", _older)
        for _ in range(3):
            assert await office.work()
            await tamper(office.db, "update tasks set due_at = 0")
    task = await office.task(proposal)
    assert (task.state, task.owner, task.attempt) == (TaskState.EXECUTING, None, 0)
    assert await bodies(office.db, "refused") == [] and office.lab.effects == []
    async with office.db.write() as tx:
        told = [p for p in await posts.claim(tx, owner="o", lease=9, limit=20) if p.kind is PostKind.NOTICE]
    assert [str(post.body["text"]) for post in told] == [
        "Approved, but it does not run yet: another version of this program sealed it, and only a replica of that "
        "version can run it. I try again every few seconds, until it expires."
    ]
    assert await office.work()
    assert (await office.again(proposal)).state is ProposalState.RAN and len(office.lab.effects) == 1


async def test_one_row_that_cannot_be_read_keeps_no_other_proposal_from_expiring(office: Office) -> None:
    """The task of a newer version's kind: its replicas end it. Nor does it end the worker that looked."""
    office.script = [[a_change()], DONE, [a_change()], DONE]
    strange, known = await office.proposed(), await office.proposed()
    await tamper(office.db, "update tasks set source = 'telepathy' where id = :id", id=strange.task_id)
    await tamper(office.db, "update proposals set expires_at = 1000")
    assert await sweeps.expire(office.db) == 1
    assert [(await office.again(one)).state for one in (strange, known)] == [ProposalState.OPEN, ProposalState.EXPIRED]
