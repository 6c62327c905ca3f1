"""One call around a tool that does nothing, with everything the gateway writes; and one policy decision alone."""

import time
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from bot.agent import definition
from bot.commands.bench.numbers import Measured, Number, p50, p99
from bot.lifecycle.hooks import CallHooks, Hooks
from bot.terminal.list_people import TENANT, ListPeople
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.mandate import unrestricted
from policy.provenance import trace
from policy.redaction import Redactor
from policy.risk import RiskTable
from policy.types import Actor, CallRequest, Place, Target, Tier
from storage import tasks
from storage.db import Database
from storage.migrate import migrate
from storage.records import JsonObject, Source, Task
from storage.tasks import NewTask
from tools.contract import Tool, ToolContext
from tools.gateway import Gateway, Rules
from tools.manifest import TargetRule, ToolManifest
from tools.outcomes import Ran
from tools.registry import Registry
from tools.requests import RequestedCall

GROUPS = ("operators", "sre", "sre-leads", "support")
ANA = Actor(id="ana", tenant=TENANT, groups=frozenset({"operators"}))
PLACE = Place(id="terminal", tenant=TENANT, max_autonomy=4)

CHANGES = 20
"""of one tool in an hour, by the shipped rules"""


class _Timed(CallHooks):
    """Notes when every check had passed."""

    passed = 0.0

    def check_lease(self) -> None:
        self.passed = self.passed or time.perf_counter()
        super().check_lease()


class Nothing(BaseModel):
    service: str


async def measure(home: Path, *, quick: bool) -> Measured:
    registry = Registry([_instant(), _change()])
    engine = PolicyEngine.load(DEFAULT_RULES, registry.actions(), GROUPS)
    checks: list[float] = []
    calls = await timed(home, registry, engine, 50 if quick else 300, checks=checks)
    changes: list[float] = []
    alone = AutonomyTable(default=2, caps={"staging": 2})
    for number in range(1 if quick else 5):  # a record of its own each: the rules allow one tool so many an hour
        record = home / f"changes-{number}"
        record.mkdir(parents=True)
        await timed(record, registry, engine, CHANGES, "bench.change", checks=changes, autonomy=alone)
    decisions = _decisions(engine, 200 if quick else 2000)
    return Measured(
        benchmark="gateway",
        how=f"{len(calls)} calls of an instant read tool on SQLite (synchronous=FULL): validate, decide, intent row, "
        f"run, redact, evidence, outcome, step, audit; {len(changes)} changes at level 2; "
        f"{len(decisions)} decisions by the shipped rules",
        numbers=(
            Number(name="gateway call around an instant tool, p50", value=p50(calls), unit="ms", target=15),
            Number(name="gateway call around an instant tool, p99", value=p99(calls), unit="ms"),
            Number(name="all checks of a call, up to where it may run, p50", value=p50(checks), unit="ms", target=5),
            Number(name="all checks of a call, up to where it may run, p99", value=p99(checks), unit="ms"),
            Number(name="all checks of a change that runs alone, p50", value=p50(changes), unit="ms"),
            Number(name="all checks of a change that runs alone, p99", value=p99(changes), unit="ms"),
            Number(name="one policy decision, p50", value=p50(decisions), unit="ms", target=1),
            Number(name="one policy decision, p99", value=p99(decisions), unit="ms"),
        ),
    )


async def timed(
    home: Path,
    registry: Registry,
    engine: PolicyEngine,
    count: int,
    tool: str = "bench.nothing",
    arguments: JsonObject | None = None,
    checks: list[float] | None = None,
    cpu: list[float] | None = None,
    autonomy: AutonomyTable | None = None,
) -> list[float]:
    """Milliseconds of so many calls of one tool through the gateway.

    `checks` gets those up to where it may run, `cpu` what of them this process computed.
    """
    db = Database(f"sqlite:///{home / 'gateway.db'}")
    try:
        await migrate(db)
        rules = Rules(engine=engine, risks=RiskTable.load(), autonomy=autonomy or AutonomyTable.load())
        people = ListPeople(groups_of={ANA.id: ANA.groups})
        gateway = Gateway(db=db, registry=registry, rules=rules, redactor=Redactor.default(), people=people)
        hooks = Hooks(await running_task(db), lease=600)
        took, scope = [], definition.load().scope
        for number in range(count):
            call = RequestedCall(
                task=hooks.task,
                scope=scope,
                call_id=f"c{number}",
                tool=tool,
                arguments=arguments or {"service": "checkout"},
                reason_code="ROUTINE",
                traced=trace(arguments or {"service": "checkout"}, trusted_text="change checkout"),
                requester=ANA,
                place=PLACE,
                mandate=unrestricted("a benchmark"),
            )
            then = _Timed(hooks, call.call_id, call.tool)
            began, computed = time.perf_counter(), time.process_time()
            outcome = await gateway.call(call, then)
            took.append((time.perf_counter() - began) * 1e3)
            if cpu is not None:
                cpu.append((time.process_time() - computed) * 1e3)
            if checks is not None:
                checks.append((then.passed - began) * 1e3)
            assert isinstance(outcome, Ran), outcome
            async with db.read() as tx:
                hooks.task = await tasks.get(tx, TENANT, hooks.task.id)
        return took
    finally:
        await db.close()


def _decisions(engine: PolicyEngine, count: int) -> list[float]:
    call = CallRequest(
        tool="bench.nothing",
        tier=Tier.READ,
        tenant=TENANT,
        agent="autopilot",
        requester=ANA,
        place=PLACE,
        target=Target(kind="service", id="checkout", env="prod"),
        params={"service": "checkout"},
        calls_1h=1,
    )
    took = []
    for _ in range(count):
        began = time.perf_counter()
        engine.decide(call)
        took.append((time.perf_counter() - began) * 1e3)
    return took


async def running_task(db: Database) -> Task:
    """A task that a worker of this process has claimed."""
    async with db.write() as tx:
        await tasks.create(
            tx,
            NewTask(
                tenant=TENANT,
                source=Source.CLI,
                channel=PLACE.id,
                thread_ts="1",
                request_ts="1",
                requester=ANA.id,
                requester_team=TENANT,
                text="bench",
                title="bench",
                agent="autopilot",
                agent_version="bench",
            ),
        )
        [task] = await tasks.claim(tx, owner="bench", lease=600, limit=1)
    return task


def _change() -> Tool:
    """One that is checked as changes are: freezes, budgets, what was changed within the hour, and the plan."""
    instant = _instant()
    changed = {"name": "bench.change", "tier": Tier.REVERSIBLE, "says": "'Do nothing'", "verb": "do nothing"}
    manifest = ToolManifest.model_validate({**instant.manifest.model_dump(), **changed})
    staging = replace(instant.target(Nothing(service="checkout")), env="staging")
    return replace(instant, manifest=manifest, target=lambda _args: staging)


def _instant() -> Tool:
    async def run(_args: Nothing, _context: ToolContext) -> JsonObject:
        return {"rate": 0.01, "service": "checkout"}

    return Tool(
        manifest=ToolManifest(
            name="bench.nothing",
            owner="bench",
            summary="Does nothing.",
            tier=Tier.READ,
            title="'Did nothing'",
            target=TargetRule(id="args.service"),
            rate_per_hour=600,
        ),
        arguments=Nothing,
        run=run,
        target=lambda args: Target(kind="service", id=args.service, env="prod"),
        title=lambda _args: "Did nothing",
        says=lambda _args: "do nothing",
    )
