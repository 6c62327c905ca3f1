"""One office for each engine."""

import pytest

from storage.db import Database
from tests.orchestrator.office import Office
from tests.tools.conftest import lab, lab_engine, rules, staff
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tools.rules import Rules

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


@pytest.fixture
def office(db: Database, lab: Lab, staff: Staff, rules: Rules) -> Office:
    return Office(db=db, lab=lab, staff=staff, rules=rules)
