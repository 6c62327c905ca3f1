"""What a thread shows, compared with what is stored: every finished step and every word, once and in order."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage import audit, intents, proposals, steps, tasks
from storage.db import Database
from storage.hashchain import check
from storage.records import Intent, Proposal, Step, StepKind, Task
from storage.tables import posts as posts_table
from storage.tables import tasks as tasks_table
from tests.durability.bench import TENANT, Bench

_HEAD = 50
"""characters a title is compared by; what follows may be shortened"""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One task, as the database has it in the end."""

    task: Task
    steps: list[Step]
    proposals: list[Proposal]
    votes: list[tuple[str, bool]]
    writes: list[Intent]


async def stored(db: Database, thread: str) -> Stored:
    """The newest task of a thread."""
    async with db.read() as tx:
        task = await tasks.newest_in_thread(tx, TENANT, "C0INCIDENTS", thread)
        assert task is not None, "the request is no task"
        found = await proposals.of_task(tx, TENANT, task.id)
        return Stored(
            task=task,
            steps=await steps.of_task(tx, task),
            proposals=found,
            votes=[(v.voter, v.approve) for p in found for v in await proposals.votes_on(tx, TENANT, p.id)],
            writes=[i for i in await intents.of_task(tx, TENANT, task.id) if i.tier != "read"],
        )


async def settled(bench: Bench, db: Database, seconds: float = 30) -> None:
    """Wait until nobody holds a task and every message of ours is as wanted."""
    held = sa.select(tasks_table.c.id, tasks_table.c.state).where(tasks_table.c.owner.is_not(None))
    behind = sa.select(
        posts_table.c.kind, posts_table.c.subject, posts_table.c.ts, posts_table.c.owner, posts_table.c.sending,
        posts_table.c.shown, posts_table.c.wanted, posts_table.c.attempt,
    ).where(posts_table.c.shown < posts_table.c.wanted)  # fmt: skip
    open_ones: list[Any] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                async with db.read() as tx:
                    open_ones = [*await tx.run(held), *await tx.run(behind)]
                if not open_ones:
                    return
                await asyncio.sleep(0.05)  # a poll of another process's database; the timeout above is the limit
    except TimeoutError:
        log = (bench.home / "bot.log").read_text()[-2500:]
        raise AssertionError(f"still open after {seconds} s: {open_ones}\nthe bot said:\n{log}") from None


async def chain_holds(db: Database) -> None:
    """The audit chain verifies, and its end is the newest entry."""
    async with db.read() as tx:
        entries = await audit.entries(tx, TENANT, limit=100_000)
    assert check(entries) == []


def thread_tells(messages: Sequence[Mapping[str, Any]], told: Sequence[Step], titles: Sequence[str]) -> None:
    """Every finished step and every word of the transcript stands in the thread once, in order, and nothing is open."""
    for message in messages:
        assert not message.get("streaming"), f"a stream was left open: {message['ts']}"
        assert _content(message), f"an empty message was left behind: {message['ts']} {message.get('text')!r}"
    thoughts = [_head(str(s.body["text"])) for s in told if s.kind is StepKind.THOUGHT and s.body["text"]]
    wanted = Counter([*thoughts, *(_head(title) for title in titles)])
    shown = Counter(_as_wanted(line, wanted) for message in messages for line in finished(message))
    seen = "\n".join(f"{m['ts']}: {finished(m)} {words(m)}" for m in messages)
    assert shown == wanted, f"twice or unexpected: {shown - wanted}, missing: {wanted - shown}; seen:\n{seen}"
    said = [_plain(str(s.body["text"])) for s in told if s.kind is StepKind.SAID]
    text = "\n".join(words(message) for message in messages)
    places = []
    for one in said:
        assert text.count(one) == 1, f"{text.count(one)} times in the thread: {one!r}\n{text}"
        for sentence in re.split(r"(?<=\.) ", one):
            assert text.count(sentence) == 1, f"{text.count(sentence)} times in the thread: {sentence!r}\n{text}"
        places.append(text.index(one))
    assert places == sorted(places)


def finished(message: Mapping[str, Any]) -> list[str]:
    """The titles of finished steps that a message shows; what was proposed is none."""
    return [title for title in _marked(message) if not title.startswith("Proposed: ")]


def _marked(message: Mapping[str, Any]) -> list[str]:
    if "stream" in message:
        ended = [t for t in message["stream"]["tasks"] if t["status"] in ("complete", "error")]
        return [_plain(t["title"]) for t in ended]
    out = []
    for block in message.get("blocks", ()):
        if block["type"] == "task_card" and block.get("status") in ("complete", "error"):
            out.append(_plain(block["title"]))
        if block["type"] == "rich_text":
            for line in _lines(block):
                mark, _, title = line.partition(" ")
                if mark in ("✓", "✗"):
                    out.append(_plain(title))
    return out


def words(message: Mapping[str, Any]) -> str:
    """The answer's words that a message shows, without marks and line ends."""
    if "stream" in message:
        return _plain(message["stream"]["text"])
    return _plain("\n\n".join(b["text"] for b in message.get("blocks", ()) if b["type"] == "markdown"))


def _lines(block: Mapping[str, Any]) -> list[str]:
    return [
        "".join(str(run.get("text", "")) for run in section.get("elements", ()))
        for element in block.get("elements", ())
        for section in element.get("elements", ())
        if isinstance(section.get("elements"), list)
    ]


def _content(message: Mapping[str, Any]) -> bool:
    stream = message.get("stream")
    if stream:
        return bool(stream["text"].strip() or stream["tasks"])
    return bool(message.get("blocks"))


def _as_wanted(line: str, wanted: Counter[str]) -> str:
    """A redrawn line says what was found right after the title."""
    return next((head for head in wanted if line.startswith(head)), line[:_HEAD])


def _head(title: str) -> str:
    return _plain(title)[:_HEAD]


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").replace("*", "").split())
