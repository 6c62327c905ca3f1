"""No function of this room lets one workspace see or touch another's rows: each is called from next door, with its ids.

The functions are found, not listed: a new one is tried as soon as it is written, or must say why it has no tenant.
"""

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

import storage
from storage import audit, evidence, halts, intents, posts, proposals, steps, tasks
from storage.canonical import canonical, digest
from storage.db import Database, Tx
from storage.errors import LostRace, NotFound
from storage.records import NewIntent, PostKind, StepKind
from storage.tables import metadata
from tests.builders import TENANT, a_new_task

SECRET = "acme-secret"
NEXT_DOOR = "T0NEXTDOOR"
FOR_ALL = {
    "aging.old_cases": "time passes for all",
    "aging.old_entries": "time passes for all",
    "aging.old_posts": "time passes for all",
    "aging.old_results": "time passes for all",
    "aging.old_tasks": "time passes for all",
    "alerts.any_unopened": "a worker of the whole installation looks for work",
    "alerts.unopened": "a worker of the whole installation looks for work",
    "api_tokens.find": "the token itself says whose it is",
    "audit.tenants": "names the chains, for the operator's command line and for signing",
    "deliveries.claim": "by the id of one sink, which a worker of the whole installation was given",
    "deliveries.ready": "a worker of the whole installation looks for work",
    "grants.give": "takes the whole new row, the tenant among its values",
    "evaluations.tenants": "names the workspaces, for the operator's command line",
    "homes.claim": "a worker of the whole installation looks for work",
    "inbox.forget": "by tenant and key, as `inbox.old` named them",
    "inbox.old": "time passes for all",
    "installations.consume_state": "nobody knows the workspace before it is installed",
    "installations.every": "the operator's command line, and sealing under a new key",
    "installations.issue_state": "nobody knows the workspace before it is installed",
    "installations.tenants": "names the workspaces there are",
    "installations.workspaces_of": "of an organisation, whose every workspace is meant",
    "posts.claim": "a worker of the whole installation looks for work",
    "posts.hold": "by its own lease",
    "posts.take_back": "one process on SQLite starts",
    "proposals.overdue": "time passes for all",
    "skill_runs.tenants": "names the workspaces, for the operator's command line",
    "reminders.due": "time passes for all",
    "schedule_runs.open_ones": "a worker of the whole installation looks for work",
    "schedules.due": "time passes for all",
    "sinks.find": "the operator's command line, by an id",
    "step_ups.find": "the link itself says whose it is, and is signed",
    "streams.abandoned": "a worker of the whole installation looks for work",
    "tasks.claim": "a worker of the whole installation looks for work",
    "tasks.hold": "by its own lease",
    "tasks.take_back": "the leases of dead workers run out for all",
}
MORE: dict[str, dict[str, Any]] = {"proposals.mark": {"outcome": "touched"}}
"""columns to write, for functions that take any"""
Function = Callable[..., Awaitable[Any]]


def _functions() -> dict[str, Function]:
    found = {}
    for module_info in pkgutil.iter_modules(storage.__path__):
        if module_info.name in ("migrations", "verify_audit"):
            continue
        module = importlib.import_module(f"storage.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and "tx" in inspect.signature(function).parameters:
                found[f"{module_info.name}.{name}"] = function
    return found


FUNCTIONS = _functions()


def _of_tenant(function: Function) -> bool:
    return "tenant" in inspect.signature(function).parameters


def _by_record(function: Function) -> bool:
    """It is given a record (or what becomes one) that carries its tenant."""
    for name, hint in inspect.get_annotations(function).items():
        if name == "return":
            continue
        for kind in (hint, *typing.get_args(hint)):
            if "tenant" in getattr(kind, "__dataclass_fields__", {}):
                return True
    return False


def test_every_function_names_a_tenant_or_says_why_not() -> None:
    without = {name for name, one in FUNCTIONS.items() if not _of_tenant(one) and not _by_record(one)}
    assert without == set(FOR_ALL)


async def _furnish(tx: Tx) -> dict[str, Any]:
    """A workspace with a row of everything that matters; what its functions could be asked with."""
    task = await tasks.create(tx, a_new_task(text=SECRET, title=SECRET))
    await steps.append(tx, task, 0, [(StepKind.USER, {"text": SECRET})])
    sealed = canonical({"says": SECRET})
    proposal = await proposals.create(
        tx,
        proposal_id=digest(sealed),
        tenant=TENANT,
        task_id=task.id,
        call_id="c1",
        sealed=sealed,
        tool="lab.set",
        expires_at=2e9,
    )
    await proposals.vote(tx, tenant=TENANT, proposal_id=proposal.id, voter="U0DANA", approve=True, reason=SECRET)
    words: dict[str, Any] = dict.fromkeys(
        ("invoked_by", "skill", "tool_version", "tier", "reason_code", "idempotency_key", "correlation_id"), SECRET
    )
    versions: dict[str, Any] = {"agent_version": SECRET, "policy_version": SECRET, "tool": "lab.set"}
    more: dict[str, Any] = {"approved_by": [], "rules": [], "input": {"secret": SECRET}, "dry_run": False}
    await intents.begin(tx, NewIntent(key="call:k", tenant=TENANT, task_id=task.id, **words, **versions, **more))
    kept = await evidence.keep(
        tx, tenant=TENANT, task_id=task.id, tool="lab.set", label=SECRET, content={"secret": SECRET}
    )
    await posts.want(
        tx, tenant=TENANT, kind=PostKind.CARD, subject=proposal.id, channel="C0INC", task_id=task.id, body={"s": SECRET}
    )
    await halts.put(tx, TENANT, who="U0DANA", reason=SECRET)
    await audit.append(tx, TENANT, "ops.test", task_id=task.id, body={"secret": SECRET})
    return {
        "task_id": task.id,
        "proposal_id": proposal.id,
        "prefix": proposal.id[:12],
        "subject": proposal.id,
        "new_subject": "elsewhere",
        "key": "call:k",
        "hashed": kept,
        "channel": "C0INC",
        "channels": ["C0INC"],
        "thread_ts": task.thread_ts,
        "ts": task.request_ts,
        "requester": "U0ANA",
        "person": "U0ANA",
        "tool": "lab.set",
        "since": 0.0,
        "first": 1,
        "last": 10,
        "seconds": 1e9,
        "schedule_id": "s1",
        "plan_id": "p1",
        "token_id": "k1",
        "text": "oap_k1.x",
    }


async def _rows(tx: Tx) -> dict[str, list[Any]]:
    found = {}
    for table in metadata.sorted_tables:
        if "tenant" in table.c:
            rows = await tx.run(sa.select(table).where(table.c.tenant == TENANT).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows]
    return found


def _arguments(function: Function, known: dict[str, Any]) -> dict[str, Any] | None:
    """Real ones of next door; None when it takes something this test has no example of (then it only writes)."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in ("tx", "tenant") or parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if name in known:
            given[name] = known[name]
        elif parameter.default is inspect.Parameter.empty:
            return None
    return given | MORE.get(f"{function.__module__.removeprefix('storage.')}.{function.__name__}", {})


ASKED = sorted(name for name, one in FUNCTIONS.items() if _of_tenant(one))


class _Enough(Exception):
    """Nothing of a try is kept."""


async def test_from_next_door_nothing_is_seen_and_nothing_is_touched(db: Database) -> None:
    async with db.write() as tx:
        known = await _furnish(tx)
    tried: list[str] = []
    seen: list[str] = []
    for name in ASKED:
        given = _arguments(FUNCTIONS[name], known)
        if given is None:
            continue
        tried.append(name)
        with pytest.raises(_Enough):
            async with db.write() as tx:
                before = await _rows(tx)
                try:
                    answer = await FUNCTIONS[name](tx, tenant=NEXT_DOOR, **given)
                except (NotFound, LostRace):
                    answer = None
                if SECRET in repr(answer) or known["task_id"] in repr(answer) or await _rows(tx) != before:
                    seen.append(name)
                raise _Enough
    assert seen == []
    assert {"tasks.get", "proposals.votes_on", "proposals.mark", "evidence.get", "audit.entries"} <= set(tried)
    assert len(tried) >= 30, tried


async def test_at_home_the_same_questions_are_answered(db: Database) -> None:
    """So that the test above cannot pass by asking nonsense."""
    async with db.write() as tx:
        known = await _furnish(tx)
    answered = []
    for name in ASKED:
        given = _arguments(FUNCTIONS[name], known)
        if given is None:
            continue
        with pytest.raises(_Enough):
            async with db.write() as tx:
                before = await _rows(tx)
                try:
                    answer = await FUNCTIONS[name](tx, tenant=TENANT, **given)
                except (NotFound, LostRace):
                    answer = None
                if SECRET in repr(answer) or known["task_id"] in repr(answer) or await _rows(tx) != before:
                    answered.append(name)
                raise _Enough
    assert len(answered) >= 20, answered
