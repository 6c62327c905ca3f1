"""Asking the last answer of a thread again: who may, and when it is not simply done again."""

from bot.orchestrator.regenerating import Again
from bot.orchestrator.requests import Said
from storage import posts, streams, tasks
from storage.records import PostKind, Source, StepKind, Task, TaskState
from storage.steps import of_task
from tests.builders import TENANT
from tests.orchestrator.office import Office


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


def _again(task: Task, who: str, *, key: str, inside: bool = True) -> Again:
    asked = _yes if inside else _no
    return Again(tenant=TENANT, task_id=task.id, who=who, channel=task.channel, key=key, in_channel=asked)


async def _task(office: Office, task_id: str) -> Task:
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task_id)


async def _ended(office: Office, thread: str = "1.0") -> Task:
    """A task that was stopped before it did anything, with a message in its thread."""
    task = await office.ask(thread=thread)
    async with office.db.write() as tx:
        stretch = await streams.begin(tx, task, owner="w", lease=60.0)
        await streams.opened(tx, task, stretch, "7.0", owner="w")
        await streams.end(tx, task, stretch, owner="w", upto=0)
    assert await office.desk.stop(TENANT, task.id, "U0ANA")
    return await _task(office, task.id)


async def test_only_what_changed_nothing_and_is_the_last_of_its_thread_is_asked_again(office: Office) -> None:
    changed = await office.task(await office.ran())
    while changed.state not in tasks.FINAL:
        assert await office.work()
        changed = await _task(office, changed.id)
    answer = await office.desk.regenerate(_again(changed, "U0ANA", key="k1"))
    assert answer.said is Said.REFUSED and "changed something" in answer.message

    waiting = await office.task(await office.proposed())
    assert (await office.desk.regenerate(_again(waiting, "U0ANA", key="k2"))).said is Said.STALE

    ended = await _ended(office)
    assert (await office.desk.regenerate(_again(ended, "U0SAM", key="k3", inside=False))).said is Said.REFUSED
    assert (await office.desk.regenerate(_again(ended, "U0ANA", key="k4"))).said is Said.DONE
    assert (await office.desk.regenerate(_again(ended, "U0ANA", key="k4"))).said is Said.STALE, "no longer the last"


async def test_the_askers_words_are_asked_again_and_others_only_quote_them(office: Office) -> None:
    """What another presses runs in that person's name, and the asker's words vouch for nothing in it."""
    ended = await _ended(office)
    anew = await _task(office, (await office.desk.regenerate(_again(ended, "U0ANA", key="k1"))).task_id)
    assert (anew.requester, anew.text, anew.request_ts) == ("U0ANA", ended.text, ended.request_ts)
    async with office.db.read() as tx:
        (marked,) = await posts.showing(tx, TENANT, f"replaced:{ended.id}:7.0")
    assert (marked.kind, marked.ts) == (PostKind.REPLACED, "7.0")

    await office.desk.stop(TENANT, anew.id, "U0ANA")
    anew = await _task(office, anew.id)
    assert anew.state is TaskState.CANCELLED
    others = await _task(office, (await office.desk.regenerate(_again(anew, "U0SAM", key="k2"))).task_id)
    async with office.db.read() as tx:
        said = await of_task(tx, others)
    assert (others.requester, others.source) == ("U0SAM", Source.COMMAND)
    assert said[0].body["hearsay"] is True
    assert (said[1].kind, said[1].body["text"]) == (StepKind.CONTEXT, ended.text)
