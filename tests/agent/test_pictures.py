"""Whoever asks to look at a range of Prometheus gets it as a picture into the thread; nobody else does."""

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from bot.brains.base import BrainEvent, Call, Saying
from bot.brains.scripted import ScriptedBrain
from bot.lifecycle.series import series_of
from storage import posts, steps
from storage.records import PostKind, StepKind
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import Office
from tools.observability.prometheus import MOST_LINES, POINTS

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


def a_range(lines: int) -> dict[str, JsonValue]:
    """As much as `prometheus.range` gives at most."""
    points: list[JsonValue] = [
        {"at": datetime.fromtimestamp(1.8e9 + n, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "value": n / 7}
        for n in range(POINTS)
    ]
    labels: dict[str, JsonValue] = {"instance": "10.0.0.1:9100", "job": "node", "namespace": "checkout-production"}
    series: list[JsonValue] = [{"labels": labels, "least": 0.0, "most": 1.0, "last": 1.0, "points": points}] * lines
    return {"query": "rate(http_requests_total[5m])", "series": series, "more": 0}


@pytest.mark.parametrize(("text", "pictures"), [("show me the rate by instance", 1), ("is the rate well?", 0)])
async def test_a_range_comes_as_a_picture_to_who_asks_to_look(office: Office, text: str, pictures: int) -> None:
    office.lab.answers = a_range(MOST_LINES)
    turns: list[list[BrainEvent]] = [[Call(call_id="c1", tool="lab.any", arguments={})], [Saying(delta="Below.")]]
    office = Office(db=office.db, lab=office.lab, staff=office.staff, rules=office.rules, brain=ScriptedBrain(turns))
    task = await office.ask(text=text)
    await office.work()
    async with office.db.read() as tx:
        found = await posts.showing(tx, TENANT, f"picture:{task.id}:c1")
        [kept] = [s.body["content"] for s in await steps.of_task(tx, task) if s.kind is StepKind.RESULT]
    assert [post.kind for post in found] == [PostKind.PICTURE] * pictures
    assert isinstance(kept, dict)
    drawn = series_of(kept)
    assert drawn is not None and (len(drawn.curves), drawn.more) == (5, MOST_LINES - 5)
