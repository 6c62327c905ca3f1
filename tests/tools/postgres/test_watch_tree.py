"""Each turn of the watcher's decision tree, with answers made up: what it asks next, does, says and alerts."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from pydantic import JsonValue

from bot.brains.base import Alert, CallResult, Saying, SkillEnded
from bot.brains.walk import Asked, Walk
from storage.records import JsonObject
from tools.playbooks.library import SHIPPED, Library, find
from tools.postgres.box import postgres_tools

STATUS: JsonObject = {
    "connections": 3,
    "max_connections": 100,
    "idle_in_transaction": 0,
    "oldest_transaction_seconds": 0,
    "cache_hit_percent": 99.5,
    "xid_age": 10,
    "standby": False,
    "replicas": [],
}
CANDIDATE: JsonObject = {
    "schema": "shop",
    "table": "orders",
    "column": "customer",
    "statement": "select ? where customer = $?",
    "rows": 20_000,
    "plan_now": "Seq Scan",
    "cost_now": 400.5,
    "cost_with_index": 12.5,
}
BLOCKER: JsonObject = {
    "pid": 7,
    "backend_start": "2026-01-01T00:00:00+00:00",
    "state": "idle in transaction",
    "seconds": 600,
    "transaction_seconds": 600,
}
CHANGES = ("terminate_backend", "vacuum", "create_index")
DEAD: JsonObject = {"schema": "shop", "table": "orders", "dead": 9_000, "dead_percent": 45.0}


@dataclass
class World:
    """A database as the tools tell of it; a change that runs mends what it is for, unless it is stubborn."""

    waiting: bool = False
    idle_blocker: bool = True
    dead: bool = False
    index_missing: bool = False
    stubborn: bool = False
    status_of_changes: str = "ran"
    down: bool = False
    called: list[str] = field(default_factory=list)

    def answer(self, tool: str) -> tuple[str, JsonObject]:
        self.called.append(tool)
        if self.down:
            return "failed", {"message": "the database cannot be reached"}
        reads: dict[str, Callable[[], JsonObject]] = {
            "postgres.status": lambda: STATUS,
            "postgres.activity": lambda: {"backends": []},
            "postgres.settings": lambda: {"settings": [{"name": "shared_buffers", "value": "128MB"}]},
            "postgres.locks": lambda: {
                "waiting": [{"pid": 8}] if self.waiting else [],
                "blockers": [{**BLOCKER, "state": "idle in transaction" if self.idle_blocker else "active"}]
                if self.waiting
                else [],
            },
            "postgres.vacuum_debt": lambda: {"tables": [DEAD] if self.dead else []},
            "postgres.index_candidates": lambda: {"candidates": [CANDIDATE] if self.index_missing else []},
        }
        if tool in reads:
            return "ran", reads[tool]()
        if self.status_of_changes == "ran" and not self.stubborn:
            self.waiting = self.waiting and tool != "postgres.terminate_backend"
            self.dead = self.dead and tool != "postgres.vacuum"
            self.index_missing = self.index_missing and tool != "postgres.create_index"
        kept: dict[str, JsonValue] = {"index": "orders_customer_autopilot"}
        return self.status_of_changes, kept if self.status_of_changes == "ran" else {"message": "no lock"}

    @property
    def changes(self) -> list[str]:
        return [
            tool for tool in self.called if tool.rpartition(".")[2] in ("terminate_backend", "vacuum", "create_index")
        ]


@pytest.fixture(scope="module")
def library() -> Library:
    tools = postgres_tools("postgresql://op@127.0.0.1:1/x", env="prod", bots_url="")
    return find([SHIPPED], {tool.name: tool for tool in tools})


@dataclass
class Told:
    said: str = ""
    alerts: list[tuple[str, str]] = field(default_factory=list)
    ended: SkillEnded | None = None


def watch(library: Library, world: World) -> Told:
    results: dict[str, CallResult] = {}
    told = Told()
    while True:
        acts = Walk(library, results, "prod").fresh("pg-watch", {})
        told.said += "".join(act.delta for act in acts if isinstance(act, Saying))
        told.alerts += [(act.severity, act.text) for act in acts if isinstance(act, Alert)]
        asked = [call for act in acts if isinstance(act, Asked) for call in act.calls]
        if not asked:
            [told.ended] = [act for act in acts if isinstance(act, SkillEnded) and act.path == ""]
            return told
        for call in asked:
            status, content = world.answer(call.tool)
            results[call.call_id] = CallResult(call_id=call.call_id, tool=call.tool, status=status, content=content)


def test_a_well_database_is_left_alone_and_nobody_is_told(library: Library) -> None:
    world = World()
    told = watch(library, world)
    assert (world.changes, told.alerts) == ([], [])
    assert "**Well**" in told.said and told.ended is not None and told.ended.output["ok"] is True
    assert world.called.count("postgres.locks") == 1, "a well database is looked at once"


@pytest.mark.parametrize(
    ("world", "change"),
    [
        (World(waiting=True), "postgres.terminate_backend"),
        (World(dead=True), "postgres.vacuum"),
        (World(index_missing=True), "postgres.create_index"),
    ],
)
def test_each_cause_has_its_repair_and_a_look_afterwards(library: Library, world: World, change: str) -> None:
    told = watch(library, world)
    assert world.changes == [change]
    assert "**Recovered.**" in told.said and told.alerts == []
    assert told.ended is not None and (told.ended.output["recovered"], told.ended.helped) == (True, True)


@pytest.mark.parametrize(
    ("world", "severity", "says"),
    [
        (World(waiting=True, stubborn=True), "critical", "The database has not recovered: 1 connections wait"),
        (World(dead=True, stubborn=True), "critical", "1 tables are full of dead rows"),
        (World(index_missing=True, stubborn=True), "warning", "An index is still missing."),
        (World(index_missing=True, status_of_changes="failed"), "warning", "An index is still missing."),
        (World(dead=True, status_of_changes="rejected"), "critical", "1 tables are full of dead rows"),
    ],
)
def test_a_repair_that_failed_or_did_not_help_alerts_people(
    library: Library, world: World, severity: str, says: str
) -> None:
    told = watch(library, world)
    assert len(world.changes) == 1, "tried once, not again and again"
    assert told.alerts[-1][0] == severity and says in told.alerts[-1][1]
    assert "**Not recovered**" in told.said
    assert told.ended is not None and told.ended.output["recovered"] is False


def test_while_somebody_waits_for_a_lock_nothing_is_built_and_work_is_not_thrown_away(library: Library) -> None:
    world = World(waiting=True, idle_blocker=False, index_missing=True)
    told = watch(library, world)
    assert world.changes == [] and "postgres.index_candidates" not in world.called
    assert [severity for severity, _ in told.alerts][-1] == "critical"


def test_a_dry_run_does_not_look_for_a_recovery_that_cannot_be(library: Library) -> None:
    world = World(index_missing=True, status_of_changes="previewed")
    told = watch(library, world)
    assert world.changes == ["postgres.create_index"] and told.alerts == []
    assert "In a dry run nothing is repaired" in told.said
    assert world.called.count("postgres.locks") == 1


def test_a_database_that_is_gone_is_told_at_once(library: Library) -> None:
    told = watch(library, World(down=True))
    assert told.alerts[0][0] == "critical" and "could not be checked" in told.alerts[0][1]
    assert told.ended is not None and "cannot be reached" in told.ended.failed
