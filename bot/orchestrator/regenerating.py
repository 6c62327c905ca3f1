"""Asking the last answer of a thread again: the same words, a new task, the earlier answer marked as replaced."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.agent.attachments import attached
from bot.agent.lineup import Lineup
from bot.lifecycle.moves import note
from bot.orchestrator import intake
from bot.orchestrator.requests import Answer, Attached, Request, Said
from policy.clauses import fences_closed
from policy.types import Tier
from storage import intents, posts, steps, streams, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.errors import NotFound
from storage.mandates import standing
from storage.records import IntentState, PostKind, Source, Step, StepKind, Task

_CHANGED = (IntentState.RAN, IntentState.STARTED, IntentState.IN_DOUBT)
_SPOKEN = (Source.MENTION, Source.DM, Source.COMMAND)


@dataclass(frozen=True, kw_only=True)
class Again:
    """Somebody pressed Regenerate below an answer. Only the task's id is used, and checked."""

    tenant: str
    task_id: str
    who: str
    channel: str
    key: str
    in_channel: Callable[[], Awaitable[bool]]
    """whether who pressed is in the channel; asked only about others than the asker"""


async def regenerate(db: Database, agents: Lineup, again: Again, *, per_minute: int) -> Answer:
    """Ask the newest answer of its thread again, once a press, for its asker or for somebody of the channel."""
    try:
        async with db.read() as tx:
            task = await tasks.get(tx, again.tenant, again.task_id)
    except NotFound:
        return Answer(said=Said.STALE, message="there is no such answer here")
    if task.channel != again.channel:
        return Answer(said=Said.STALE, message="there is no such answer here")
    if again.who != task.requester and not await again.in_channel():
        return Answer(said=Said.REFUSED, message="only who asked and people of this channel can ask again")
    return await transact(db, lambda tx: _begin(tx, agents, again, per_minute))


async def _begin(tx: Tx, agents: Lineup, again: Again, per_minute: int) -> Answer:
    task = await tasks.lock(tx, again.tenant, again.task_id)
    newest = await tasks.newest_in_thread(tx, task.tenant, task.channel, task.thread_ts)
    if newest is None or newest.id != task.id:
        return Answer(said=Said.STALE, message="there is something newer in this thread; only the last can be repeated")
    if task.state not in tasks.FINAL:
        return Answer(said=Said.STALE, message="this is still being worked on")
    if task.emptied_at is not None:
        return Answer(said=Said.STALE, message="what was asked here is no longer kept; ask again in your own words")
    if await _changed_something(tx, task):
        return Answer(
            said=Said.REFUSED,
            message="this answer changed something, so it is not simply done again",
            hint="say in this thread what you want now; Undo is on the card",
        )
    told = await steps.of_task(tx, task)
    anew = await intake.keep(tx, agents, _request(task, told, again), per_minute)
    if anew is None:
        return Answer(said=Said.DUPLICATE)
    if anew.id == task.id:
        return Answer(said=Said.STALE, message="this is still being worked on")
    await note(tx, task, "regenerated", {"by": again.who, "task": anew.id})
    await _mark_replaced(tx, task, again.who)
    return Answer(said=Said.DONE, task_id=anew.id)


async def _changed_something(tx: Tx, task: Task) -> bool:
    ledger = await intents.of_task(tx, task.tenant, task.id)
    return any(one.tier != Tier.READ and one.state in _CHANGED and not one.dry_run for one in ledger)


def _request(task: Task, told: Sequence[Step], again: Again) -> Request:
    """The same words. Another than the asker does not speak them: they are quoted, and vouch for nothing."""
    said = [s.body for s in told if s.kind is StepKind.USER]
    quoted = [str(s.body["text"]) for s in told if s.kind is StepKind.CONTEXT and s.body.get("by") == "alert"]
    own = again.who == task.requester and task.source in _SPOKEN
    words = standing(said) if own and not quoted else [str(body["text"]) for body in said]
    text = "\n".join(map(fences_closed, words)) if own else f"Look into this again: {task.title}"
    return Request(
        tenant=task.tenant,
        source=task.source if own else Source.COMMAND,
        channel=task.channel,
        thread_ts=task.thread_ts,
        request_ts=task.request_ts,
        requester=again.who,
        requester_team=task.requester_team,
        text=text,
        hearsay="\n".join(quoted if own else [*words, *quoted]),
        dry_run=task.dry_run,
        keys=(again.key,),
        files=_files(told) if own else (),
    )


def _files(told: Sequence[Step]) -> tuple[Attached, ...]:
    """What was attached to the words that are asked again."""
    return tuple(
        Attached(id=str(one["id"]), name=str(one["name"]), kind=str(one["kind"]), size=int(str(one["size"])))
        for one in attached(told)
    )


async def _mark_replaced(tx: Tx, task: Task, by: str) -> None:
    """Ask that every message of the earlier answer say that it is replaced."""
    shown = [post for post in await streams.of_task(tx, task) if post.ts is not None]
    for place, post in enumerate(shown):
        await posts.want(
            tx,
            tenant=task.tenant,
            kind=PostKind.REPLACED,
            subject=f"replaced:{task.id}:{post.ts}",
            channel=task.channel,
            thread_ts=task.thread_ts,
            task_id=task.id,
            body={"place": place, "of": len(shown), "by": by},
            ts=post.ts,
        )
