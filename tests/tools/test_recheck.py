"""Cases 13, 15 and 17: between the approval and the run the world, the rules and the people are looked at again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from policy import loader
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.redaction import Redactor
from policy.types import Actor, Place
from storage import proposals
from storage.db import Database
from storage.records import Proposal, ProposalState, Source, Task
from tests.builders import TENANT
from tests.tools.asking import approved, bodies, execute, ledger, proposals_of, propose, tamper
from tests.tools.conftest import GROUPS
from tests.tools.spy import Lab
from tests.tools.staff import Staff
from tools.contract import ToolFailed
from tools.gateway import Gateway
from tools.outcomes import AskAgain, Failed, Ran, Refused
from tools.registry import Registry
from tools.requests import Scope
from tools.sealing import SealedCall, open_seal

AGAIN = {"thing": "checkout", "value": 1}


def _released_anew(gateway: Gateway, db: Database, lab: Lab, staff: Staff, **manifest: object) -> Gateway:
    """The gateway of a replica that started with a newer lab.set."""
    return Gateway(
        db=db, registry=lab.registry(**manifest), rules=gateway.rules, redactor=Redactor.default(), people=staff
    )


async def _new_one(db: Database, again: AskAgain) -> tuple[Proposal, SealedCall]:
    async with db.read() as tx:
        proposal = await proposals.get(tx, TENANT, again.proposal_id)
        assert await proposals.votes_on(tx, TENANT, proposal.id) == [], "votes never carry over"
    return proposal, open_seal(proposal)


async def test_a_moved_target_asks_again_with_what_moved(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    old = await approved(db, await propose(gateway, db, task))
    lab.state["checkout"] = 3
    again = await execute(gateway, task, old)
    assert isinstance(again, AskAgain) and "the target changed" in again.message
    proposal, sealed = await _new_one(db, again)
    assert proposal.state is ProposalState.OPEN and sealed.supersedes == old.id
    assert [(r.label, r.before, r.after) for r in sealed.moved] == [("value", 1, 3)]
    assert sealed.undo is not None and sealed.undo.arguments["value"] == 3
    assert lab.effects == [] and await ledger(db, task) == []
    assert [b["supersedes"] for b in await bodies(db, "proposed_action")] == [None, old.id]
    assert isinstance(await execute(gateway, task, await approved(db, proposal)), Ran)
    assert len(lab.effects) == 1


async def test_a_wider_blast_radius_asks_again(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """Within the tool's drift it runs, beyond it people see the two counts; from nothing to something counts too."""
    lab.users = 10
    within = await approved(db, await propose(gateway, db, task))
    lab.users = 12
    assert isinstance(await execute(gateway, task, within), Ran)
    beyond = await approved(db, await propose(gateway, db, task, call_id="c2", arguments=AGAIN))
    lab.users = 15
    again = await execute(gateway, task, beyond)
    assert isinstance(again, AskAgain)
    _, sealed = await _new_one(db, again)
    assert [(r.label, r.before, r.after) for r in sealed.moved] == [("users", 12, 15)]


async def test_a_new_version_of_the_tool_asks_again(
    gateway: Gateway, db: Database, lab: Lab, staff: Staff, task: Task
) -> None:
    """Any change of the manifest is a new version; the old approvals are for the old one."""
    old = await approved(db, await propose(gateway, db, task))
    newer = _released_anew(gateway, db, lab, staff, summary="does a little more now")
    again = await execute(newer, task, old)
    assert isinstance(again, AskAgain) and "the tool changed" in again.message
    _, sealed = await _new_one(db, again)
    assert [r.label for r in sealed.moved] == ["tool version"]
    assert sealed.tool_version == newer.registry.version("lab.set") and lab.effects == []


async def test_values_that_the_new_tool_no_longer_takes_are_refused(
    gateway: Gateway, db: Database, lab: Lab, staff: Staff, task: Task
) -> None:
    old = await approved(db, await propose(gateway, db, task))
    from tools.manifest import Bound

    newer = _released_anew(gateway, db, lab, staff, bounds={"value": Bound(max=5)})
    outcome = await execute(newer, task, old)
    assert isinstance(outcome, Refused) and "at most 5" in outcome.message and lab.effects == []


ChangeRules = Callable[[str], PolicyEngine]


@pytest.fixture
def changed_rules(tmp_path: Path) -> ChangeRules:
    """The rules that ship, with one more file."""

    def load(text: str) -> PolicyEngine:
        folder = tmp_path / "rules"
        copytree(DEFAULT_RULES, folder)
        (folder / "more.cedar").write_text(text)
        actions = Lab().registry().actions()
        return PolicyEngine(loader.load(folder, actions, GROUPS), actions)

    return load


async def test_changed_rules_ask_again_even_when_they_ask_for_the_same(
    gateway: Gateway, db: Database, lab: Lab, task: Task, changed_rules: ChangeRules
) -> None:
    old = await approved(db, await propose(gateway, db, task))
    engine = changed_rules('@id("grant-more") permit (principal, action in Action::"READ", resource);')
    gateway.rules = replace(gateway.rules, engine=engine)
    again = await execute(gateway, task, old)
    assert isinstance(again, AskAgain) and "the rules changed" in again.message
    _, sealed = await _new_one(db, again)
    assert [r.label for r in sealed.moved] == ["rules version"] and sealed.policy_version == engine.version
    assert lab.effects == []


async def test_stricter_rules_ask_whom_they_name(
    gateway: Gateway, db: Database, lab: Lab, task: Task, changed_rules: ChangeRules
) -> None:
    old = await approved(db, await propose(gateway, db, task))
    strict = """@id("more") @approvals("2") @from("sre") forbid (principal, action in Action::"WRITE", resource);"""
    gateway.rules = replace(gateway.rules, engine=changed_rules(strict))
    again = await execute(gateway, task, old)
    assert isinstance(again, AskAgain)
    _, sealed = await _new_one(db, again)
    assert {(o.group, o.count) for o in sealed.obligations} == {("operators", 1), ("sre", 2)}
    asked = next(r for r in sealed.moved if r.label == "who is asked")
    assert asked.before == "1 of @operators" and "2 of @sre" in str(asked.after) and lab.effects == []


async def test_rules_that_forbid_it_now_refuse(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    old = await approved(db, await propose(gateway, db, task))
    gateway.rules = replace(gateway.rules, autonomy=AutonomyTable(default=0))
    outcome = await execute(gateway, task, old)
    assert isinstance(outcome, Refused) and "deny-observe-only" in outcome.because and lab.effects == []
    assert len(await proposals_of(db, task)) == 1


@pytest.mark.parametrize("how", ["removed from the group", "deactivated", "made a bot", "moved abroad"])
async def test_an_approver_who_may_no_longer_approve_does_not_count(
    gateway: Gateway, db: Database, lab: Lab, staff: Staff, task: Task, how: str
) -> None:
    """Case 13: between the click and the run."""
    old = await approved(db, await propose(gateway, db, task))
    match how:
        case "removed from the group":
            staff.groups["U0DANA"].clear()
        case "deactivated":
            del staff.groups["U0DANA"]
        case "made a bot":
            staff.bots.add("U0DANA")
        case "moved abroad":
            staff.groups = {user: groups for user, groups in staff.groups.items() if user != "U0DANA"}
    outcome = await execute(gateway, task, old)
    assert isinstance(outcome, Refused) and outcome.because == ("builtin:entitlement",)
    assert "1 of @operators" in outcome.message and lab.effects == []
    assert len(await bodies(db, "refused")) == 1


async def test_the_requesters_own_vote_in_the_table_does_not_count(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """However it got there."""
    old = await approved(db, await propose(gateway, db, task), voters=["U0ANA"])
    outcome = await execute(gateway, task, old)
    assert isinstance(outcome, Refused) and outcome.because == ("builtin:entitlement",) and lab.effects == []


async def test_one_person_of_two_groups_is_one_approval(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """Case 12: half of all users is asked of operators and of two sre; Sam is of both and counts once."""
    lab.users = 40
    proposal = await propose(gateway, db, task)
    assert {(o.group, o.count) for o in open_seal(proposal).obligations} == {("operators", 1), ("sre", 2)}
    few = await approved(db, proposal, voters=["U0SAM", "U0NOOR"])
    assert isinstance(await execute(gateway, task, few), Refused) and lab.effects == []
    other = await propose(gateway, db, task, call_id="c2", arguments={"thing": "search", "value": 2})
    enough = await approved(db, other, voters=["U0SAM", "U0NOOR", "U0DANA"])
    assert isinstance(await execute(gateway, task, enough), Ran)


async def test_a_target_that_cannot_be_looked_at_fails_without_running(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    proposal = await approved(db, await propose(gateway, db, task))
    lab.preview_fails = ToolFailed("'checkout' does not answer", effect_possible=False, reason="unreachable")
    outcome = await execute(gateway, task, proposal)
    assert isinstance(outcome, Failed) and outcome.reason == "unreachable" and lab.effects == []


async def test_a_withdrawn_tool_is_refused(gateway: Gateway, db: Database, staff: Staff, lab: Lab, task: Task) -> None:
    proposal = await approved(db, await propose(gateway, db, task))
    without = Registry(tool for tool in lab.tools() if tool.name != "lab.set")
    bare = Gateway(db=db, registry=without, rules=gateway.rules, redactor=Redactor.default(), people=staff)
    outcome = await execute(bare, task, proposal)
    assert isinstance(outcome, Refused) and "no tool 'lab.set'" in outcome.message


async def test_the_votes_of_another_tenant_do_not_count(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    proposal = await approved(db, await propose(gateway, db, task))
    await tamper(db, "update votes set tenant = 'T0OTHER'")
    assert isinstance(await execute(gateway, task, proposal), Refused) and lab.effects == []


@pytest.mark.parametrize("source", [Source.MENTION, Source.SCHEDULE])
async def test_a_requester_who_is_gone_gets_nothing_that_was_approved_for_them(
    gateway: Gateway, db: Database, staff: Staff, lab: Lab, task: Task, source: Source
) -> None:
    """Rules about who asks hold only where they are asked about somebody; an account that was closed is nobody."""
    task = replace(task, source=source)
    old = await approved(db, await propose(gateway, db, task))
    del staff.groups["U0ANA"]
    refused = await execute(gateway, task, old)
    assert isinstance(refused, Refused) and refused.because == ("builtin:unknown-requester",)
    assert lab.effects == [] and [b["rules"] for b in await bodies(db, "refused")] == [["builtin:unknown-requester"]]


@pytest.mark.parametrize("scope", [Scope(tools=("shop.*",), max_proposals=8), None])
async def test_what_the_agent_lost_since_does_not_run(
    gateway: Gateway, db: Database, lab: Lab, task: Task, scope: Scope | None
) -> None:
    """Its file was narrowed, or it is not installed any more, after people approved."""
    old = await approved(db, await propose(gateway, db, task))
    refused = await execute(gateway, task, old, scope)
    assert isinstance(refused, Refused) and refused.because == ("builtin:agent-tools",), refused
    assert lab.effects == [] and [b["rules"] for b in await bodies(db, "refused")] == [["builtin:agent-tools"]]


async def test_what_began_is_brought_to_its_end_and_an_undo_runs_without_the_agent(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Taking it back is a person's press: the narrower the agents get, the more it is needed."""
    old = await approved(db, await propose(gateway, db, task))
    ran = await execute(gateway, task, old)
    assert isinstance(ran, Ran) and isinstance(await execute(gateway, task, old, None), Ran) and len(lab.effects) == 1
    async with db.read() as tx:
        done = await proposals.get(tx, TENANT, old.id)
    dana = Actor(id="U0DANA", tenant=TENANT, groups=frozenset({"operators"}))
    inverse = await gateway.seal_undo(task, done, dana, Place(id=task.channel, tenant=TENANT, max_autonomy=4))
    assert isinstance(inverse, SealedCall), inverse
    async with db.write() as tx:
        undo = await gateway.store_undo(tx, task, inverse)
    outcome = await execute(gateway, task, await approved(db, undo), None)
    assert not (isinstance(outcome, Refused) and "builtin:agent-tools" in outcome.because), outcome
