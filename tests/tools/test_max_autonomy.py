"""A manifest's own bound on autonomy holds, whatever the policy files say."""

from dataclasses import replace

import pytest

from policy.autonomy import AutonomyTable, Line
from policy.redaction import Redactor
from policy.types import Tier
from storage.db import Database
from storage.records import Task
from tests.tools.asking import ask
from tests.tools.sources.conftest import PRODUCT
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tools.gateway import Gateway
from tools.outcomes import Ran, Waiting
from tools.rules import Rules
from tools.sources.openapi_manifest import read_manifest

ALONE = AutonomyTable(default=1, caps={"prod": 3}, lines=(Line(tool="lab.set", level=3),))


@pytest.mark.parametrize(("bound", "outcome"), [(4, Ran), (2, Ran), (1, Waiting)])
async def test_a_tool_that_declares_level_one_asks_people_although_policy_would_let_it_run(
    db: Database, lab: Lab, rules: Rules, staff: Staff, task: Task, bound: int, outcome: type
) -> None:
    gateway = Gateway(
        db=db,
        registry=lab.registry(max_autonomy=bound),
        rules=replace(rules, autonomy=ALONE),
        redactor=Redactor.default(),
        people=staff,
    )
    assert isinstance(await ask(gateway, task), outcome)


@pytest.mark.parametrize("name", ["product.remove_content", "product.ban_user", "product.resolve_appeal"])
def test_what_touches_people_for_good_declares_it(name: str) -> None:
    [found] = [one for one in read_manifest(PRODUCT).tools if one.manifest.name == name]
    assert (found.manifest.tier, found.manifest.max_autonomy) == (Tier.IRREVERSIBLE, 1)
