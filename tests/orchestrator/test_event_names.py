"""The names of domain events are a contract with other systems: written as they were promised, and all in the docs."""

import itertools
import re
from pathlib import Path

import pytest

from bot.lifecycle.moves import EVENTS
from tests import migrated
from tests.orchestrator.office import DONE, Office, a_change
from tests.orchestrator.planned import a_read
from tests.tools.asking import entries
from tests.tools.spy import broken_before

ROOT = Path(__file__).parents[2]
PROMISED = ("created", "evidence_attached", "proposed_action", "approved", "rejected", "executed", "failed")
_WRITTEN = re.compile(r'\b_?note\(\s*tx, [\w.]+,\s*"([a-z_]+)"|ops\.agent_task\.([a-z_]+)|"([a-z_]+_refused)"')


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{migrated.copy_to(tmp_path / 'test.db')}"


async def test_a_story_writes_the_names_that_were_promised(office: Office) -> None:
    """A look with evidence, a change that ran, one that was rejected, one that failed; in this order of each task."""
    office.script = [[a_read()], [a_change()], DONE]
    ran = await office.proposed()
    await office.approve("U0DANA", ran)
    await office.work()
    await office.reject("U0DANA", await office.proposed())
    office.lab.troubles = [broken_before]
    failing = await office.proposed()
    await office.approve("U0DANA", failing)
    while await office.work():
        pass
    written = await entries(office.db)
    assert {f"ops.agent_task.{name}" for name in PROMISED} <= {entry.event for entry in written}
    story = [e.event.rpartition(".")[2] for e in written if e.task_id == ran.task_id]
    assert story[0] == "created" and story[-1] == "completed"
    assert story.index("evidence_attached") < story.index("proposed_action") < story.index("approved")
    assert "executed" in story[story.index("approved") :]


def test_the_docs_name_every_event_of_tasks() -> None:
    """Those that the code writes by a literal name, and those of the state machine."""
    written = set(EVENTS.values())
    for room in ("bot/orchestrator", "bot/lifecycle", "bot/agent", "bot/inbox", "tools"):
        for file in (ROOT / room).rglob("*.py"):
            written |= set(filter(None, itertools.chain(*_WRITTEN.findall(file.read_text(encoding="utf-8")))))
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "events.md").read_text(encoding="utf-8")))
    written -= {"kept", "dropped", "reload_refused"}  # of evaluation cases and settings
    assert written - told == set() and len(written) > 35
