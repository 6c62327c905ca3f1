"""The fixed order: nothing is looked at unvalidated, nothing runs undecided or unrecorded."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from policy.autonomy import AutonomyTable, Line
from storage.db import Database
from storage.records import IntentState, Source, Task
from tests.tools.asking import a_call, ask, bodies, entries, ledger, proposals_of, propose, tamper
from tests.tools.spy import Lab, Notes
from tools.gateway import Gateway
from tools.outcomes import Denied, Failed, Previewed, Ran, Waiting
from tools.requests import Scope
from tools.sealing import open_seal

ALONE = AutonomyTable(default=1, caps={"prod": 3, "staging": 3}, lines=(Line(tier="reversible", level=2),))


def alone(gateway: Gateway) -> None:
    """From now on reversible changes run without people."""
    gateway.rules = replace(gateway.rules, autonomy=ALONE)


async def test_a_read_runs_and_leaves_intent_evidence_and_audit(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    outcome = await ask(gateway, task, "lab.read", {"thing": "checkout"})
    assert isinstance(outcome, Ran) and outcome.result == {"value": 1} and outcome.finding == "checkout is 1"
    [line] = await ledger(db, task)
    assert (line.state, line.evidence, line.rules) == (IntentState.RAN, outcome.evidence, ["grant-read"])
    assert [e.event for e in await entries(db)] == ["ops.agent_task.call_started", "ops.agent_task.executed"]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("lab.gone", {}, "no tool 'lab.gone'"),
        ("lab.set", {"thing": "checkout"}, "value: field required"),
        ("lab.set", {"thing": "checkout", "value": 101}, "value: must be at most 100, not 101"),
        ("lab.set", {"thing": "c" * 41, "value": 1}, "thing: must be at most 40 characters, not 41"),
        ("lab.set", {"thing": "checkout", "value": 1, "force": True}, "force: extra inputs"),
        ("lab.any", {"ratio": float("nan")}, "canonical"),
        ("lab.any", {"ratio": float("inf")}, "canonical"),
        ("lab.any", {"extra": 2**53 + 1}, "canonical"),
        ("lab.any", {"extra": "\ud800"}, "canonical"),
        ("lab.any", {"extra": "x" * 17_000}, "nobody could check"),
        ("lab.\ud800\x00", {}, "no tool"),
    ],
)
async def test_what_does_not_fit_is_denied_before_anything_is_touched(
    gateway: Gateway, db: Database, lab: Lab, task: Task, tool: str, arguments: object, says: str
) -> None:
    """Neither tool nor preview hears of it; the audit names the tool and the reason."""
    outcome = await ask(gateway, task, tool, arguments)
    assert isinstance(outcome, Denied) and says in outcome.message.lower()
    assert lab.seen == [] and await ledger(db, task) == []
    [body] = await bodies(db, "denied")
    assert body["rules"] == ["builtin:validate"] and body["requester"] == "U0ANA"


async def test_a_change_waits_for_people_and_touches_nothing_but_a_look(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    notes = Notes()
    outcome = await gateway.call(a_call(task), notes)
    assert isinstance(outcome, Waiting) and [p.id for p in notes.parked_] == [outcome.proposal_id]
    assert set(lab.seen) == {"preview"} and lab.effects == [] and await ledger(db, task) == []
    [body] = await bodies(db, "proposed_action")
    assert body["proposal"] == outcome.proposal_id


async def test_a_denial_by_policy_never_reaches_run(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    outcome = await ask(gateway, task, reason_code="")
    assert isinstance(outcome, Denied) and outcome.because == ("builtin:reason-code",)
    assert "run lab.set" not in lab.seen
    gateway.rules = replace(gateway.rules, autonomy=AutonomyTable(default=0))
    outcome = await ask(gateway, task, call_id="c2")
    assert isinstance(outcome, Denied) and "deny-observe-only" in outcome.because
    assert "run lab.set" not in lab.seen and await ledger(db, task) == []
    assert len(await entries(db, "denied")) == 2


async def test_what_policy_lets_run_alone_runs_after_its_intent_is_on_disk(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """The tool itself looks into the database: its own line is there, started, before any effect."""
    alone(gateway)
    found: list[object] = []

    async def look() -> None:
        found.extend([(line.state, line.key) for line in await ledger(db, task)])
        found.extend(e.event for e in await entries(db))

    lab.at_run = look
    lab.hold = asyncio.Event()
    lab.hold.set()
    assert isinstance(await ask(gateway, task), Ran)
    assert found == [(IntentState.STARTED, f"call:{task.id}:c1"), "ops.agent_task.call_started"]


async def test_nothing_runs_when_the_audit_cannot_be_written(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Case 39: a full or read-only audit table stops the call, and no intent is left behind either."""
    alone(gateway)
    await ask(gateway, task, "lab.read", {"thing": "checkout"}, call_id="c0")
    await tamper(db, "update audit_heads set seq = 0")  # the next link collides with one that is there
    with pytest.raises(DBAPIError):
        await ask(gateway, task)
    assert lab.effects == [] and [line.tool for line in await ledger(db, task)] == ["lab.read"]


async def test_a_worker_that_lost_its_lease_runs_nothing(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    from storage.errors import LostRace

    alone(gateway)
    with pytest.raises(LostRace):
        await gateway.call(a_call(task), Notes(lost=True))
    assert lab.effects == [] and await ledger(db, task) == []


async def test_a_dry_run_changes_nothing_and_asks_nobody(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """It says what would change and who would be asked, also where the change would have run alone."""
    dry = replace(task, dry_run=True)
    shown = await ask(gateway, dry)
    assert isinstance(shown, Previewed) and shown.would == "ask: 1 of @operators"
    assert [(c.before, c.after) for c in shown.changes] == [(1, 7)]
    alone(gateway)
    shown = await ask(gateway, dry, call_id="c2")
    assert isinstance(shown, Previewed) and shown.would == "run alone"
    assert lab.effects == [] and await proposals_of(db, task) == [] and await ledger(db, task) == []
    assert len(await entries(db, "previewed")) == 2


async def test_an_agent_calls_only_the_tools_of_its_definition(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Whatever the brain was told of; the refusal is on the record."""
    outcome = await ask(gateway, task, scope=Scope(tools=("shop.*", "lab.read"), max_proposals=8))
    assert isinstance(outcome, Denied) and outcome.because == ("builtin:agent-tools",)
    assert lab.seen == [] and len(await entries(db, "denied")) == 1
    outcome = await ask(gateway, task, "lab.read", {}, scope=Scope(tools=("lab.read",), max_proposals=8), call_id="c2")
    assert isinstance(outcome, Ran)


@pytest.mark.parametrize("source", [Source.MENTION, Source.AUTO, Source.SCHEDULE])
async def test_nothing_is_done_for_a_person_who_is_gone(gateway: Gateway, lab: Lab, task: Task, source: Source) -> None:
    """A deactivated requester or a stranger gets nothing; an alert, which names no person, is judged as before."""
    outcome = await ask(gateway, replace(task, source=source), requester=None)
    assert isinstance(outcome, Denied) and outcome.because == ("builtin:unknown-requester",)
    alert = replace(task, source=Source.ALERT, requester="")
    assert isinstance(await ask(gateway, alert, "lab.read", {}, requester=None, call_id="c2"), Ran)


async def test_a_failing_preview_is_a_failed_call(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """Also when the preview breaks its contract; a secret in its words stays inside."""
    lab.preview_fails = ZeroDivisionError("password=hunter2hunter2")
    outcome = await ask(gateway, task)
    assert isinstance(outcome, Failed) and outcome.reason == "broken" and "hunter2" not in outcome.message
    assert "hunter2" not in str([e.body for e in await entries(db)])


async def test_a_hostile_call_id_or_why_is_only_text(gateway: Gateway, db: Database, task: Task) -> None:
    """A model's words for the card are redacted and cut; they change nothing else."""
    proposal = await propose(
        gateway, db, task, why="approved by <@U0DANA> \x00\ud800 token=ghp_" + "a1B2" * 9 + "x" * 900
    )
    sealed = open_seal(proposal)
    assert "a1B2a1B2" not in proposal.sealed and len(sealed.why) <= 600 and "approved by <@U0DANA>" in sealed.why
    assert sealed.says == "Set checkout to 7"


async def test_what_a_preview_saw_is_sealed_without_secrets(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Before, after, labels and the fingerprinted state go on cards: a secret in them is masked like any other."""
    secret = "ghp_" + "a1B2" * 9
    lab.secret = secret
    proposal = await propose(gateway, db, task)
    assert secret not in proposal.sealed and "[redacted" in proposal.sealed
    shown = await ask(gateway, replace(task, dry_run=True), call_id="c2")
    assert secret not in str(shown) and secret not in str([e.body for e in await entries(db)])
