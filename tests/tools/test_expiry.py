"""Case 17: what people approved holds until the time on the card, by the database's clock."""

import asyncio
from typing import Any

from storage import proposals
from storage.db import Database
from storage.records import Task
from tests.builders import TENANT
from tests.tools.asking import approved, execute, propose
from tests.tools.spy import Lab
from tools.gateway import Gateway
from tools.outcomes import Refused
from tools.sealing import open_seal, seal


async def test_an_expired_approval_does_not_run(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """By the database's clock, and by the sealed time: a row that says otherwise is a broken seal."""
    proposal = await propose(gateway, db, task)
    sealed = open_seal(proposal).model_copy(update={"expires_at": 1000.0})
    late_id, text = seal(sealed)
    async with db.write() as tx:
        late = await proposals.create(
            tx,
            proposal_id=late_id,
            tenant=TENANT,
            task_id=task.id,
            call_id="c1",
            sealed=text,
            tool="lab.set",
            expires_at=1000.0,
        )
    outcome = await execute(gateway, task, await approved(db, late))
    assert isinstance(outcome, Refused) and outcome.because == ("builtin:expired",) and lab.effects == []


async def test_an_approval_that_expires_while_the_target_is_looked_at_does_not_run(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """A look may take as long as the tool's timeout, and the card says until when people's word holds."""
    first = await propose(gateway, db, task)
    async with db.read() as tx:
        soon = await tx.time() + 1.0
    late_id, text = seal(open_seal(first).model_copy(update={"expires_at": soon}))
    row: dict[str, Any] = {"tenant": TENANT, "task_id": task.id, "call_id": "c1", "tool": "lab.set"}
    async with db.write() as tx:
        late = await proposals.create(tx, proposal_id=late_id, sealed=text, expires_at=soon, **row)

    async def until_it_is_over() -> None:
        over = False
        while not over:
            async with db.read() as tx:
                over = await tx.time() > soon
            await asyncio.sleep(0.01)

    lab.at_preview = until_it_is_over
    outcome = await execute(gateway, task, await approved(db, late))
    assert isinstance(outcome, Refused) and outcome.because == ("builtin:expired",) and lab.effects == []
