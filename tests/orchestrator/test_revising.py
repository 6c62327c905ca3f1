"""A request that is edited or deleted while its task is open."""

import pytest

from storage import posts, steps, tasks
from storage.records import Task, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import Office


async def _revise(office: Office, task: Task, text: str | None, *, who: str = "", key: str = "event:e1") -> Task | None:
    return await office.desk.revise(
        tenant=TENANT,
        channel=task.channel,
        thread_ts=task.thread_ts,
        ts=task.request_ts,
        who=who or task.requester,
        text=text,
        key=key,
    )


async def _said(office: Office, task: Task) -> list[str]:
    async with office.db.read() as tx:
        return [str(step.body.get("text", "")) for step in await steps.of_task(tx, task)]


async def _now(office: Office, task: Task) -> Task:
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task.id)


async def test_the_new_words_are_heard_once_at_the_next_step(office: Office) -> None:
    asked = await office.ask(text="checkout burns")
    await office.claim()  # a worker has it
    assert await _revise(office, asked, "<@U0PILOT> analytics lags") is not None
    assert await _revise(office, asked, "<@U0PILOT> analytics lags") is None  # delivered again
    assert (await _said(office, asked))[1:] == ["I edited my request. It now reads:\nanalytics lags"]


@pytest.mark.parametrize("text", ["drop the database", None])
async def test_an_ended_request_is_left_alone(office: Office, text: str | None) -> None:
    asked = await office.ask()
    assert await office.work()
    assert await office.desk.stop(TENANT, asked.id, asked.requester)
    before = await _said(office, asked)
    assert await _revise(office, asked, text) is None
    assert await _said(office, asked) == before


async def test_somebody_elses_words_are_not_taken_for_the_requesters(office: Office) -> None:
    """A task does things in its requester's name."""
    asked = await office.ask()
    assert await _revise(office, asked, "drop the database", who="U0SOMEBODY") is None
    assert len(await _said(office, asked)) == 1


async def test_what_waits_for_people_stays_as_it_was_sealed_and_says_so(office: Office) -> None:
    asked = await office.ask()
    await office.work()
    waiting = await _now(office, asked)
    assert waiting.state is TaskState.NEEDS_APPROVAL
    before = await _said(office, asked)
    await _revise(office, asked, "never mind")
    async with office.db.read() as tx:
        [notice] = await posts.showing(tx, TENANT, f"edited:{asked.id}")
    assert "was proposed before that" in str(notice.body["text"])
    assert await _said(office, asked) == before
    assert (await _now(office, asked)).proposal_id == waiting.proposal_id


async def test_a_deleted_request_stops_and_its_requester_is_told_directly(office: Office) -> None:
    asked = await office.ask(text="checkout burns")
    assert await _revise(office, asked, None) is not None
    ended = await _now(office, asked)
    assert (ended.state, ended.reason) == (TaskState.CANCELLED, "its request was deleted")
    async with office.db.read() as tx:
        [notice] = await posts.showing(tx, TENANT, f"deleted:{asked.id}")
    assert notice.channel == asked.requester and "checkout burns" in str(notice.body["text"])
    assert await _revise(office, asked, None) is None
