"""What must be so after a run, whatever went wrong in it. Read from the till, the thread and the record."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.slack.actions import ActionId
from storage import audit, tasks
from storage.db import Database
from storage.hashchain import check
from storage.records import IntentState, ProposalState, TaskState
from storage.tables import intents, posts, proposals, votes
from storage.tables import tasks as tasks_table
from tests.chaos.brain import answer_of
from tests.chaos.people import CHANNEL, Heard, People
from tests.chaos.plan import Plan, Thread
from tests.chaos.till import Till
from tests.scenarios.world import everything

TENANT = "T0ACME"
SETTLED = (*tasks.FINAL, TaskState.NEEDS_APPROVAL)


@dataclass(kw_only=True)
class Verdict:
    """Counts of what must not be, each with its words; all empty: the run is good."""

    executions: int = 0
    doubles: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    in_doubt: int = 0
    doubts_without_people: list[str] = field(default_factory=list)
    posted_twice: list[str] = field(default_factory=list)
    chain: list[str] = field(default_factory=list)

    def troubles(self) -> list[str]:
        named = (
            ("ran twice", self.doubles), ("approval lost", self.lost), ("stuck", self.stuck),
            ("in doubt without people", self.doubts_without_people), ("posted twice", self.posted_twice),
            ("audit chain", self.chain),
        )  # fmt: skip
        return [f"{name}: {what}" for name, found in named for what in found]


async def still_open(db: Database) -> list[str]:
    """What is not settled yet: tasks at work, and messages that do not show what they should."""
    async with db.read() as tx:
        at_work = await tx.run(
            sa.select(tasks_table.c.id, tasks_table.c.state, tasks_table.c.owner, tasks_table.c.due_at).where(
                sa.or_(tasks_table.c.state.not_in(SETTLED), tasks_table.c.owner.is_not(None))
            )
        )
        behind = await tx.run(
            sa.select(posts.c.kind, posts.c.subject, posts.c.owner, posts.c.attempt, posts.c.due_at).where(
                posts.c.shown < posts.c.wanted
            )
        )
        return [str(tuple(row)) for row in (*at_work, *behind)]


async def verdict(db: Database, plan: Plan, people: People, till: Till) -> Verdict:
    """Judge a settled run."""
    found = Verdict(executions=sum(till.done.values()))
    found.doubles = [f"{what} had its effect {count} times" for what, count in till.done.items() if count > 1]
    async with db.read() as tx:
        sealed = list(await tx.run(sa.select(proposals).order_by(proposals.c.created_at)))
        cast = {(v.proposal_id, v.voter) for v in await tx.run(sa.select(votes))}
        ledger = list(await tx.run(sa.select(intents).where(intents.c.tier != "read")))
        work = {t.id: t for t in await tx.run(sa.select(tasks_table))}
        chain = await audit.entries(tx, TENANT, limit=100_000)
    found.chain = [str(problem) for problem in check(chain)]
    told = [json.loads(e.body) for e in chain if e.event.endswith(".vote_refused")]
    refused = {(body["proposal"], body["who"]) for body in told}
    found.lost = _lost(sealed, cast | refused, people.heard)
    found.lost += _effects_missing(sealed, till)
    found.in_doubt = sum(1 for entry in chain if entry.event.endswith(".in_doubt"))
    _started(found, ledger, work, people)
    _threads(found, plan.threads, people)
    if len({(t.channel, t.request_ts) for t in work.values() if t.source != "undo"}) != sum(
        1 for t in work.values() if t.source != "undo"
    ):
        found.doubles.append("one request became two tasks")
    for task in work.values():
        if task.state not in SETTLED or task.owner is not None:
            found.stuck.append(f"task {task.id} is {task.state} of {task.owner}")
    return found


def _lost(sealed: Sequence[sa.Row[object]], cast: set[tuple[str, str]], heard: Sequence[Heard]) -> list[str]:
    """Presses that were acked and then counted nowhere, and approved calls that never came to an end."""
    states = {p.id: p.state for p in sealed}
    lost = [
        f"{press.who}'s {press.action} of {press.proposal[:8]}, which is still open"
        for press in heard
        if press.action == ActionId.APPROVE
        and (press.proposal, press.who) not in cast
        and states.get(press.proposal) == ProposalState.OPEN
    ]
    stays = (ProposalState.APPROVED, ProposalState.RUNNING)
    return lost + [f"{p.id[:8]} is {p.state} for ever" for p in sealed if p.state in stays]


def _effects_missing(sealed: Sequence[sa.Row[object]], till: Till) -> list[str]:
    """Calls that are said to have run, against what the till did; and the other way round."""
    said: Counter[str] = Counter()
    for proposal in sealed:
        if proposal.state == ProposalState.RAN:
            said[proposal.tool.removesuffix("_seen").partition(".")[2]] += 1
    did: Counter[str] = Counter()
    for (operation, _number, _amount), count in till.done.items():
        did[operation] += count
    if "limit" in did | said:
        return [f"limits: said {said['limit']}, did {did['limit']}"] if said["limit"] > did["limit"] else []
    return [f"{name}: said {said[name]}, did {did[name]}" for name in did | said if said[name] != did[name]]


def _started(found: Verdict, ledger: Sequence[sa.Row[object]], work: dict[str, sa.Row[object]], people: People) -> None:
    for intent in ledger:
        if intent.state == IntentState.STARTED:
            found.stuck.append(f"the call {intent.key[:20]} is begun for ever")
        if intent.state == IntentState.IN_DOUBT:
            task = work[intent.task_id]
            asked = bool(people.cards(task.thread_ts, ActionId.DROP_IT))
            if task.state != TaskState.ESCALATED_TO_HUMAN or not asked:
                found.doubts_without_people.append(f"{intent.key[:20]}, whose task is {task.state}")


def _threads(found: Verdict, threads: Sequence[Thread], people: People) -> None:
    ours = [m for m in people.slack.ui.messages(CHANNEL)]
    for root in ours:
        mine = people.ours(str(root["ts"]))
        ids = Counter(_post_id(m) for m in mine if _post_id(m))
        found.posted_twice += [f"post {post}" for post, count in ids.items() if count > 1]
        for thread in threads:
            said = sum(everything_said(m).count(answer_of(thread.number)) for m in mine)
            if said > 1:
                found.posted_twice.append(f"the answer of {thread.number}, {said} times")
        found.stuck += [f"a stream was left open: {m['ts']}" for m in mine if m.get("streaming")]


def _post_id(message: object) -> str:
    metadata = message.get("metadata") if isinstance(message, dict) else None
    if not metadata or metadata.get("event_type") != "autopilot_post":
        return ""
    return str(metadata["event_payload"]["id"])


def everything_said(message: object) -> str:
    """The words of one message, each once: a stream repeats them in its text."""
    assert isinstance(message, dict)
    if "stream" in message:
        return str(message["stream"]["text"])
    return str(message.get("blocks", "")) or everything(message)
