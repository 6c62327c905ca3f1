"""What people approved is what the tool's code makes of the sealed bytes; a release can change that unnoticed."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import field_validator

from policy.redaction import Redactor
from policy.types import Target
from storage import proposals
from storage.db import Database
from storage.records import Task
from tests.builders import TENANT
from tests.tools.asking import approved, execute, propose
from tests.tools.spy import Lab, Setting
from tests.tools.staff import Staff
from tools.gateway import Gateway
from tools.outcomes import AskAgain, InDoubt, Ran
from tools.registry import Registry
from tools.sealing import open_seal


class Renamed(Setting):
    """What lab.set and lab.put take."""

    @field_validator("thing")
    @classmethod
    def _one_name(cls, thing: str) -> str:
        return "search" if thing == "checkout" else thing


@pytest.mark.parametrize(
    ("change", "label", "before", "after"),
    [
        ({"arguments": Renamed}, "thing", "checkout", "search"),
        (
            {"target": lambda args: Target(kind="service", id="all", env="prod")},
            "target",
            "service checkout",
            "service all",
        ),
        ({"target": lambda args: Target(kind="service", id=args.thing, env="dev")}, "environment", "prod", "dev"),
    ],
    ids=["another value", "another target", "another environment"],
)
async def test_a_tool_that_reads_the_sealed_bytes_otherwise_asks_again(
    gateway: Gateway,
    db: Database,
    staff: Staff,
    lab: Lab,
    task: Task,
    change: dict[str, Any],
    label: str,
    before: str,
    after: str,
) -> None:
    """Also when its manifest and schema, and with them its version, are the same: what runs is what people saw."""
    Renamed.__name__ = Setting.__name__  # the title in the schema, as a new release of the same class has it
    Renamed.model_rebuild(force=True)
    old = await approved(db, await propose(gateway, db, task))
    tools = [replace(one, **change) if one.name == "lab.set" else one for one in lab.tools()]
    registry = Registry(tools)
    assert registry.version("lab.set") == gateway.registry.version("lab.set")
    anew = Gateway(db=db, registry=registry, rules=gateway.rules, redactor=Redactor.default(), people=staff)
    again = await execute(anew, task, old)
    assert isinstance(again, AskAgain) and "reads these values otherwise" in again.message and lab.effects == []
    async with db.read() as tx:
        proposal = await proposals.get(tx, TENANT, again.proposal_id)
    moved = open_seal(proposal).moved
    assert (label, before, after) in [(row.label, row.before, row.after) for row in moved]
    assert isinstance(await execute(anew, task, await approved(db, proposal)), Ran), "asked once, not for ever"


async def test_what_an_earlier_release_began_is_not_run_again_as_something_else(
    gateway: Gateway, db: Database, staff: Staff, lab: Lab, task: Task
) -> None:
    """An upgrade kills a worker in the middle of an idempotent call: the new one would repeat it on another thing."""

    class Died(BaseException):
        pass

    async def die() -> None:
        raise Died

    old = await approved(db, await propose(gateway, db, task, tool="lab.put"))
    lab.at_run = die
    with pytest.raises(Died):
        await execute(gateway, task, old)
    lab.at_run = None
    tools = [replace(one, arguments=Renamed) if one.name == "lab.put" else one for one in lab.tools()]
    anew = Gateway(db=db, registry=Registry(tools), rules=gateway.rules, redactor=Redactor.default(), people=staff)
    assert isinstance(await execute(anew, task, old), InDoubt) and lab.effects == []
