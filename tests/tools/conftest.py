"""The rules that ship, over the tools of the lab."""

import pytest

from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.redaction import Redactor
from policy.risk import RiskTable
from storage import tasks
from storage.db import Database
from storage.records import Task
from tests.builders import a_new_task
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tools.gateway import Gateway
from tools.rules import Rules

GROUPS = ("operators", "sre", "sre-leads")


@pytest.fixture(scope="session")
def lab_engine(tmp_path_factory: pytest.TempPathFactory) -> PolicyEngine:
    cache = tmp_path_factory.mktemp("cache")
    return PolicyEngine.load(DEFAULT_RULES, Lab().registry().actions(), GROUPS, cache_dir=cache)


@pytest.fixture
def rules(lab_engine: PolicyEngine) -> Rules:
    return Rules(engine=lab_engine, risks=RiskTable.load(), autonomy=AutonomyTable.load())


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def staff() -> Staff:
    return Staff()


@pytest.fixture
def gateway(db: Database, lab: Lab, rules: Rules, staff: Staff) -> Gateway:
    return Gateway(db=db, registry=lab.registry(), rules=rules, redactor=Redactor.default(), people=staff)


@pytest.fixture
async def task(db: Database) -> Task:
    async with db.write() as tx:
        return await tasks.create(tx, a_new_task())
