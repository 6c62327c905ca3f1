"""An upgrade kills a worker in the middle of a call, and the new version cannot bring it to its end.

Whatever the reason, nobody may be told that nothing ran: the intent says that it began.
"""

from collections.abc import Callable

import pytest

from policy.redaction import Redactor
from storage import intents
from storage.db import Database
from storage.records import IntentState, Proposal, Task
from tests.builders import TENANT
from tests.tools.asking import approved, ask, bodies, execute, ledger, propose, tamper
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tests.tools.test_gateway_order import alone
from tools.contract import Held
from tools.gateway import Gateway
from tools.manifest import Bound
from tools.outcomes import Failed, InDoubt, Ran
from tools.registry import Registry

Upgrade = Callable[[], Gateway]


class Died(BaseException):
    pass


async def _die() -> None:
    raise Died


@pytest.fixture(params=["withdrawn", "narrowed"])
def upgraded(request: pytest.FixtureRequest, gateway: Gateway, db: Database, lab: Lab, staff: Staff) -> Upgrade:
    """The gateway of a version that has no lab.set, or one that does not take the value any more."""

    def made() -> Gateway:
        kept = Registry(tool for tool in lab.tools() if tool.name not in ("lab.set", "lab.read"))
        registry = kept if request.param == "withdrawn" else lab.registry(bounds={"value": Bound(min=0, max=1)})
        return Gateway(db=db, registry=registry, rules=gateway.rules, redactor=Redactor.default(), people=staff)

    return made


async def _begun(gateway: Gateway, db: Database, lab: Lab, task: Task) -> Proposal:
    old = await approved(db, await propose(gateway, db, task))
    lab.at_run = _die
    with pytest.raises(Died):
        await execute(gateway, task, old)
    lab.at_run = None
    return old


async def test_an_approved_call_is_in_doubt(
    gateway: Gateway, upgraded: Upgrade, db: Database, lab: Lab, task: Task
) -> None:
    old = await _begun(gateway, db, lab, task)
    outcome = await execute(upgraded(), task, old)
    assert isinstance(outcome, InDoubt) and "nothing ran" not in outcome.message, outcome
    assert [line.state for line in await ledger(db, task)] == [IntentState.IN_DOUBT]
    assert len(await bodies(db, "in_doubt")) == 1 and await bodies(db, "refused") == []


async def test_what_had_its_outcome_keeps_it(
    gateway: Gateway, upgraded: Upgrade, db: Database, lab: Lab, task: Task
) -> None:
    """It ran, and the worker died before the task could go on; the check of a tool that is gone sees nothing."""
    old = await approved(db, await propose(gateway, db, task))
    assert isinstance(await execute(gateway, task, old), Ran)
    newer = upgraded()
    assert isinstance(await execute(newer, task, old), Ran) and len(lab.effects) == 1
    seen = await newer.watch(task, old)
    assert seen is not None and seen.held is Held.UNKNOWN
    assert await bodies(db, "refused") == []


async def test_a_call_without_people_is_in_doubt(
    gateway: Gateway, upgraded: Upgrade, db: Database, lab: Lab, task: Task
) -> None:
    alone(gateway)
    lab.at_run = _die
    with pytest.raises(Died):
        await ask(gateway, task)
    lab.at_run = None
    outcome = await ask(upgraded(), task)
    assert isinstance(outcome, InDoubt) and [line.state for line in await ledger(db, task)] == [IntentState.IN_DOUBT]
    assert isinstance(await ask(upgraded(), task), InDoubt), "and stays so"


async def test_a_look_that_had_begun_has_failed(
    gateway: Gateway, db: Database, lab: Lab, staff: Staff, task: Task
) -> None:
    """It changed nothing, whatever became of it."""
    await ask(gateway, task, "lab.read", {})
    await tamper(db, "update intents set state = 'started'")
    bare = Registry(tool for tool in lab.tools() if tool.name != "lab.read")
    newer = Gateway(db=db, registry=bare, rules=gateway.rules, redactor=Redactor.default(), people=staff)
    assert isinstance(await ask(newer, task, "lab.read", {}), Failed)
    assert [line.state for line in await ledger(db, task)] == [IntentState.FAILED]


async def test_bytes_that_were_altered_under_a_call_that_runs_leave_a_doubt(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """The alarm is on the record with what moved, and so is that it may have run."""
    old = await _begun(gateway, db, lab, task)
    await tamper(db, "update proposals set sealed = replace(sealed, 'checkout', 'search')")
    outcome = await execute(gateway, task, old)
    assert (
        isinstance(outcome, InDoubt) and "it was changed after it was sealed (moved: arguments.thing" in outcome.message
    )
    assert "nothing ran" not in outcome.message
    [body] = await bodies(db, "in_doubt")
    assert body["moved"] and lab.effects == []
    async with db.read() as tx:
        line = await intents.find(tx, TENANT, f"proposal:{old.id}")
    assert line is not None and line.state is IntentState.IN_DOUBT
