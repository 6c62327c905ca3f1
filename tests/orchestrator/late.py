"""Proposals whose time has passed: sealed anew with an earlier end, as no clock can be turned on a real database."""

from storage.records import Proposal
from tests.orchestrator.office import Office
from tests.tools.asking import tamper
from tools.sealing import open_seal, seal


async def make_late(office: Office, proposal: Proposal) -> Proposal:
    """The same proposal under the id it would have if it had expired in 1970."""
    new_id, text = seal(open_seal(proposal).model_copy(update={"expires_at": 1000.0}))
    values = {"new": new_id, "sealed": text, "old": proposal.id}
    await tamper(
        office.db, "update proposals set id = :new, sealed = :sealed, expires_at = 1000.0 where id = :old", **values
    )
    await tamper(office.db, "update tasks set proposal_id = :new where proposal_id = :old", new=new_id, old=proposal.id)
    await tamper(office.db, "update proposals set plan_id = :new where plan_id = :old", new=new_id, old=proposal.id)
    async with office.db.read() as tx:
        from storage import proposals

        return await proposals.get(tx, proposal.tenant, new_id)
