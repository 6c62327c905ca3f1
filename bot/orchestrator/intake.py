"""Requests become tasks: once, however often and on however many replicas they arrive."""

import re
from dataclasses import replace

from bot.agent.lineup import Lineup
from bot.lifecycle.moves import note, tell
from bot.orchestrator import admission
from bot.orchestrator.requests import Request
from storage import channels, inbox, steps, tasks
from storage.attempts import transact
from storage.db import Database, Tx
from storage.records import JsonObject, Source, StepKind, Task, TaskState
from storage.tasks import NewTask
from storage.text import storable

LONGEST_REQUEST = 12_000
"""characters kept of a request; the rest is cut with a note, the message itself stays in Slack"""
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_DRY = re.compile(r"^\s*(?:please\s+)?dry[ -]?run(?![\w-])[:,]?\s*", re.IGNORECASE)


def clean(text: str) -> str:
    """What a message asks for: without mentions and what no database keeps."""
    return _MENTION.sub("", storable(text)).strip()


def dry_run(text: str) -> tuple[bool, str]:
    """Whether a request begins by asking for a dry run, and the request without those words."""
    rest = _DRY.sub("", text)
    return rest != text, rest


def shortened(text: str) -> str:
    if len(text) <= LONGEST_REQUEST:
        return text
    return f"{text[:LONGEST_REQUEST]}\n[cut: the message has {len(text)} characters]"


async def submit(db: Database, agents: Lineup, request: Request, *, per_minute: int) -> Task | None:
    """Store a request as a task, or as a follow-up of the task at work in its thread; None: it was here before."""
    dry, text = dry_run(clean(request.text))
    cut_from = len(text) if len(text) > LONGEST_REQUEST else 0
    asked = replace(request, text=shortened(text), dry_run=dry or request.dry_run, cut_from=cut_from)
    return await transact(db, lambda tx: keep(tx, agents, asked, per_minute))


async def keep(tx: Tx, agents: Lineup, request: Request, per_minute: int) -> Task | None:
    """The same inside the caller's transaction, for a request that is already as it is to be stored."""
    if not await inbox.all_first(tx, request.tenant, request.keys, request.source):
        return None
    around = await channels.in_force(tx, request.tenant, request.channel)
    if not around.enabled and not request.parent_id:
        await admission.turn_away(tx, request)
        return None
    said = _as_steps(request)
    at_work = await _at_work(tx, request)
    if at_work is not None:
        await steps.append(tx, at_work, at_work.turns, said)
        await note(tx, at_work, "follow_up", {"by": request.requester, "ts": request.request_ts})
        await _tell_cut(tx, at_work, request)
        tx.hint(tasks.WAKE)
        return at_work
    task = await tasks.create(tx, _task_of(agents, around.agent, request))
    await steps.begin(tx, task, *said[0])
    if said[1:]:
        await steps.append(tx, task, 0, said[1:])
    await note(
        tx,
        task,
        "created",
        {
            "source": request.source,
            "requester": request.requester,
            "channel": request.channel,
            "ts": request.request_ts,
            "agent": task.agent,
            "agent_version": task.agent_version,
            "dry_run": request.dry_run,
        },
    )
    await _tell_cut(tx, task, request)
    await admission.wait_its_turn(tx, task, around.per_minute or per_minute)
    return task


async def _tell_cut(tx: Tx, task: Task, request: Request) -> None:
    if request.cut_from:
        said = f"I read the first {LONGEST_REQUEST:,} of your {request.cut_from:,} characters."
        more = "Say what matters in a few lines; a long log is better in parts."
        await tell(tx, task, f"cut:{task.id}:{request.request_ts}", f"{said} {more}")


def _as_steps(request: Request) -> list[tuple[StepKind, JsonObject]]:
    """What was asked, and what was quoted with it."""
    asked: JsonObject = {"text": request.text, "by": request.requester}
    if request.files:
        asked["files"] = [
            {"id": one.id, "name": storable(one.name), "kind": one.kind, "size": one.size} for one in request.files
        ]
    if not request.hearsay:
        return [(StepKind.USER, asked)]
    quoted: JsonObject = {"text": storable(request.hearsay)[:LONGEST_REQUEST], "by": "alert"}
    return [(StepKind.USER, {**asked, "hearsay": True}), (StepKind.CONTEXT, quoted)]


async def _at_work(tx: Tx, request: Request) -> Task | None:
    """The task this message goes on with. Only its requester goes on with it: what a task does is done in the name,
    and judged by the groups, of the person who asked; another's words must not borrow them."""
    if request.source not in (Source.MENTION, Source.DM) or request.thread_ts == request.request_ts:
        return None  # a message that starts a thread goes on with nothing
    found = await tasks.newest_in_thread(
        tx, request.tenant, request.channel, request.thread_ts, requester=request.requester
    )
    if found is None or not _listens(found) or (request.dry_run and not found.dry_run):
        return None  # a dry run asked for in a thread at work must not become a part of the real run
    now = await tasks.lock(tx, found.tenant, found.id)  # it may end while we look
    return now if _listens(now) else None


def _task_of(agents: Lineup, chosen: str, request: Request) -> NewTask:
    agent = agents.named(chosen)  # one that is gone keeps the task: who works it says so
    return NewTask(
        tenant=request.tenant,
        source=request.source,
        channel=request.channel,
        thread_ts=request.thread_ts,
        request_ts=request.request_ts,
        requester=request.requester,
        requester_team=request.requester_team,
        text=request.text,
        title=_title(request.text),
        agent=agent.name if agent else chosen,
        agent_version=agent.definition.version if agent else "",
        dry_run=request.dry_run,
        parent_id=request.parent_id,
    )


def _listens(task: Task) -> bool:
    return task.state in (TaskState.QUEUED, TaskState.RUNNING)


def _title(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "") or "request"
    return line if len(line) <= 80 else line[:79].rsplit(" ", 1)[0] + "…"
