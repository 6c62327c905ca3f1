"""Requests become tasks: once, however often and on however many replicas they arrive."""

import re

from bot.agent.definition import AgentDefinition
from bot.lifecycle.moves import note
from bot.orchestrator.requests import Request
from storage import inbox, steps, tasks
from storage.db import Database
from storage.records import Source, StepKind, Task, TaskState
from storage.tasks import NewTask

LONGEST_REQUEST = 12_000
"""characters kept of a request; the rest is cut with a note, the message itself stays in Slack"""
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_DRY = re.compile(r"^\s*(?:please\s+)?dry[ -]run[:,]?\s*", re.IGNORECASE)


async def submit(db: Database, agent: AgentDefinition, request: Request) -> Task | None:
    """Store a request as a task, or as a follow-up of the task at work in its thread; None: it was here before."""
    text = _MENTION.sub("", request.text).strip()
    dry = bool(_DRY.match(text)) or request.dry_run
    text = _DRY.sub("", text)
    if len(text) > LONGEST_REQUEST:
        text = f"{text[:LONGEST_REQUEST]}\n[cut: the message has {len(text)} characters]"
    async with db.write() as tx:
        fresh = [await inbox.first_time(tx, request.tenant, key, request.source) for key in request.keys]
        if not all(fresh):
            return None
        at_work = await tasks.newest_in_thread(tx, request.tenant, request.channel, request.thread_ts)
        if at_work is not None and request.source in (Source.MENTION, Source.DM) and _listens(at_work):
            await steps.append(tx, at_work, at_work.turns, [(StepKind.USER, {"text": text, "by": request.requester})])
            await note(tx, at_work, "follow_up", {"by": request.requester, "ts": request.request_ts})
            tx.hint(tasks.WAKE)
            return at_work
        task = await tasks.create(
            tx,
            NewTask(
                tenant=request.tenant,
                source=request.source,
                channel=request.channel,
                thread_ts=request.thread_ts,
                request_ts=request.request_ts,
                requester=request.requester,
                requester_team=request.requester_team,
                text=text,
                title=_title(text),
                agent=agent.name,
                agent_version=agent.version,
                dry_run=dry,
                parent_id=request.parent_id,
            ),
        )
        await steps.append(tx, task, 0, [(StepKind.USER, {"text": text, "by": request.requester})])
        await note(
            tx,
            task,
            "created",
            {
                "source": request.source,
                "requester": request.requester,
                "channel": request.channel,
                "ts": request.request_ts,
                "agent": agent.name,
                "agent_version": agent.version,
                "dry_run": dry,
            },
        )
        return task


def _listens(task: Task) -> bool:
    return task.state in (TaskState.QUEUED, TaskState.RUNNING)


def _title(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "") or "request"
    return line if len(line) <= 80 else line[:79].rsplit(" ", 1)[0] + "…"
