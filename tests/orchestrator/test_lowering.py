"""A tool that does worse is used less: the level goes down by itself, durably, and up by a person's word only."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.orchestrator import lowering
from bot.orchestrator.lowering import Lowerer, RaisePress, raise_again
from bot.orchestrator.requests import Said
from policy.conduct import EXPECTED, anomalies, series
from storage import lowerings, tasks
from storage.records import PostKind, Task
from tests.builders import TENANT, a_new_task
from tests.orchestrator.office import Office
from tests.orchestrator.test_halt import record_of, said_in
from tests.tools.asking import ask
from tests.tools.test_gateway_order import ALONE
from tools.contract import ToolFailed
from tools.outcomes import Failed, Ran, Waiting

OPS = "C0OPS"


def refused(_apply: Callable[[], None]) -> None:
    raise ToolFailed("the flag service says no", effect_possible=False, reason="refused")


def test_what_got_worse_is_told_from_what_was_always_so() -> None:
    """The real detectors, on numbers written down here: the same numbers, the same answer."""
    calm, tenth = [0] * 50, [*[0] * 9, 1] * 20
    none: list[int] = []
    found = anomalies(
        {
            "fails now": {"failed": [0] * EXPECTED + [1] * 5},
            "failed once": {"failed": [0] * EXPECTED + [1]},
            "fails a tenth as ever": {"failed": tenth},
            "half are rejected now": {"failed": calm, "rejected": [*calm, *[0, 1] * 15]},
            "called out of the blue": {"share": [0] * 60 + [1] * 12},
            "called as ever": {"share": [0, 0, 1] * 40},
            "slow now": series(
                failed=none, rejected=none, undone=none, denied=none, share=none, seconds=[0.5] * 40 + [9.0] * 12
            ),
            "slow as ever": series(
                failed=none, rejected=none, undone=none, denied=none, share=none, seconds=[5.0, 6.0] * 40
            ),
        }
    )
    assert found == {
        "fails now": "it fails more often than it used to (5 of the last 10)",
        "half are rejected now": "people reject it more often than they used to (5 of the last 10)",
        "called out of the blue": (
            "it is called much more often, beside other tools, than it used to be (10 of the last 10)"
        ),
        "slow now": "it takes much longer than it used to (10 of the last 10)",
    }


@pytest.fixture
async def alone(office: Office) -> Task:
    """A task whose reversible changes run without people."""
    office.gateway.rules = replace(office.gateway.rules, autonomy=ALONE)
    async with office.db.write() as tx:
        return await tasks.create(tx, a_new_task())


async def change(office: Office, task: Task, number: int) -> object:
    arguments = {"thing": "checkout", "value": number, "env": "staging"}
    return await ask(office.gateway, task, call_id=f"c{number}", arguments=arguments)


def lowerer(office: Office, task: Task) -> Lowerer:
    return Lowerer(db=office.db, gateway=office.gateway, agents=[task.agent], channel=OPS)


def raising(who: str, reason: str = "it is mended") -> RaisePress:
    return RaisePress(tenant=TENANT, who=who, tool="lab.set", reason=reason, channel=OPS)


async def test_a_tool_that_fails_is_asked_about_until_a_person_raises_it(office: Office, alone: Task) -> None:
    assert isinstance(await change(office, alone, 1), Ran)
    assert await lowerer(office, alone).once() == []
    office.lab.troubles = [refused] * 6
    for number in range(2, 8):
        assert isinstance(await change(office, alone, number), Failed)
    watching = lowerer(office, alone)
    assert await watching.once() == [(TENANT, "lab.set")]
    assert await watching.once() == [] and await lowerer(office, alone).once() == []  # once, on any number of replicas
    [entry] = await record_of(office, "ops.autonomy.lowered")
    assert "it fails more often than it used to (6 of the last 10)" in entry.body
    assert isinstance(await change(office, alone, 8), Waiting)

    groups = ("operators",)
    outsider = await raise_again(office.db, office.gateway, office.staff, raising("U0RILEY"), groups)
    assert outsider.said is Said.REFUSED and len(await record_of(office, "ops.autonomy.raise_refused")) == 1
    silent = await raise_again(office.db, office.gateway, office.staff, raising("U0DANA", ""), groups)
    assert silent.said is Said.INVALID
    assert isinstance(await change(office, alone, 9), Waiting)
    done = await raise_again(office.db, office.gateway, office.staff, raising("U0DANA"), groups)
    assert done.said is Said.DONE
    assert isinstance(await change(office, alone, 10), Ran)
    assert await lowerer(office, alone).once() == []  # what was before a person's word is not held against it again
    told = await said_in(office, PostKind.NOTICE)
    assert [words.split(":")[0] for words in told] == [
        "I no longer use `lab.set` alone",
        "`lab.set` was raised again by <@U0DANA>",
    ]


async def test_nothing_is_watched_where_nothing_may_run_alone(
    office: Office, alone: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detectors are expensive; with the table that ships they never start."""
    monkeypatch.setattr(lowering, "anomalies", lambda _watched: pytest.fail("the detectors were started"))
    office.gateway.rules = replace(office.gateway.rules, autonomy=ALONE.model_copy(update={"lines": ()}))
    office.lab.troubles = [refused] * 6
    await change(office, alone, 1)
    assert await lowerer(office, alone).once() == []


async def test_another_agent_keeps_its_level(office: Office, alone: Task) -> None:
    async with office.db.write() as tx:
        assert await lowerings.lower(tx, TENANT, "another", "lab.set", to=1, why="x")
        assert not await lowerings.lower(tx, TENANT, "another", "lab.set", to=0, why="y")
    assert isinstance(await change(office, alone, 1), Ran)
