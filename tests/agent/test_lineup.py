"""Which agents there are, and that a channel's requests are worked by the agent its admins chose: version and all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agent import lineup
from bot.agent.by_agent import ByAgent
from bot.agent.definition import AgentDefinition, AgentFileError, DataPolicy
from bot.agent.lineup import Lineup, Member
from bot.agent.runner import AgentRunner
from bot.brains.scripted import ScriptedBrain
from bot.lifecycle.hooks import Hooks
from bot.orchestrator import preferences
from bot.orchestrator.preferences import Admins, Confirm, Saved, Wanted, WrongAgent
from bot.orchestrator.worker import Worker
from storage import audit, channels, proposals, tasks
from storage.channels import WORKSPACE, ChannelSettings
from storage.records import ProposalState, Task, TaskState
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import DONE, LEASE, Office, QuietStage, a_change
from tools.sealing import open_seal

__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


def _agent(name: str, prompt: str = "", **more: object) -> AgentDefinition:
    return AgentDefinition.model_validate({"name": name, "charter": (), "prompt": prompt, **more})


GENERAL, NARROW = _agent("autopilot"), _agent("narrow", tools=["lab.*"])
CLOUD = Member(definition=_agent("faraway"), data=DataPolicy(kind="cloud", provider="anthropic", region="eu"))
AGENTS = Lineup(members=(Member(definition=GENERAL), Member(definition=NARROW), CLOUD))


async def _put(office: Office, channel: str, **settings: object) -> None:
    async with office.db.write() as tx:
        await channels.put(tx, TENANT, channel, ChannelSettings(**settings), by="U0DANA")  # type: ignore[arg-type]


def _runner(office: Office, agent: AgentDefinition) -> AgentRunner:
    return AgentRunner(
        db=office.db,
        gateway=office.gateway,
        people=office.staff,
        agent=agent,
        brain=ScriptedBrain([[a_change()], DONE]),
        env="prod",
        evidence_url=lambda hashed: hashed,
    )


async def _asked(office: Office, *working: AgentDefinition) -> Task:
    """A request, worked with these agents as far as it goes."""
    office.desk = replace(office.desk, agents=AGENTS)
    task = await office.ask()
    runner = ByAgent(office.db, {one.name: _runner(office, one) for one in working})
    worker = Worker(db=office.db, gateway=office.gateway, runner=runner, stage=QuietStage(), name="w")
    claimed = await office.claim()
    assert claimed is not None
    await worker.work(Hooks(claimed, LEASE))
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task.id)


async def _bodies(office: Office, task: Task, event: str) -> list[dict[str, object]]:
    async with office.db.read() as tx:
        found = await audit.entries(tx, TENANT, task_id=task.id)
    return [json.loads(e.body) for e in found if e.event == f"ops.agent_task.{event}"]


async def test_the_chosen_agents_version_is_on_task_proposal_and_record(office: Office) -> None:
    await _put(office, WORKSPACE, agent="autopilot")
    await _put(office, "C0INC", agent="narrow")
    task = await _asked(office, GENERAL, NARROW)
    assert (task.agent, task.agent_version) == ("narrow", NARROW.version)
    async with office.db.read() as tx:
        [proposal] = await proposals.of_task(tx, TENANT, task.id)
    assert open_seal(proposal).agent_version == NARROW.version != GENERAL.version
    [created] = await _bodies(office, task, "created")
    assert (created["agent"], created["agent_version"]) == ("narrow", NARROW.version)
    [proposed] = await _bodies(office, task, "proposed_action")
    assert proposed["agent_version"] == NARROW.version


async def test_the_workspace_says_which_agent_works_where_a_channel_says_nothing(office: Office) -> None:
    await _put(office, WORKSPACE, agent="narrow")
    await _put(office, "C0INC", autonomy=1)
    assert (await _asked(office, GENERAL, NARROW)).agent == "narrow"


async def test_no_other_agent_stands_in_for_one_that_is_gone(office: Office) -> None:
    await _put(office, "C0INC", agent="retired")
    task = await _asked(office, GENERAL)
    assert (task.state, task.agent, task.agent_version) == (TaskState.FAILED_TERMINAL, "retired", "")
    assert "not installed" in task.reason and office.lab.seen == []


async def test_a_task_goes_on_with_the_agent_as_it_is_now_and_the_record_says_so(office: Office) -> None:
    changed = _agent("autopilot", "Answer in one sentence.")
    task = await _asked(office, changed)
    assert task.agent_version == changed.version
    assert await _bodies(office, task, "agent_changed") == [
        {"agent": "autopilot", "was": GENERAL.version, "now": changed.version}
    ]


@pytest.mark.parametrize("today", [[_agent("autopilot", tools=["shop.*"])], [NARROW]])
async def test_an_agent_that_lost_the_tool_since_the_approval_does_not_use_it(
    office: Office, today: list[AgentDefinition]
) -> None:
    """Restarted meanwhile with a narrower file, or without the agent."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    runner = ByAgent(office.db, {one.name: _runner(office, one) for one in today})
    worker = Worker(db=office.db, gateway=office.gateway, runner=runner, stage=QuietStage(), name="w")
    claimed = await office.claim()
    assert claimed is not None
    await worker.work(Hooks(claimed, LEASE))
    assert (await office.again(proposal)).state is ProposalState.REFUSED and office.lab.effects == []


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ({}, {"agent": "faraway"}, Confirm),
        ({"agent": "narrow"}, {"agent": "autopilot"}, Confirm),
        ({}, {"agent": "narrow"}, Saved),
        ({}, {"agent": "nobody"}, WrongAgent),
        ({"local_only": True}, {"local_only": True, "agent": "faraway"}, WrongAgent),
        ({"agent": "faraway"}, {"agent": "faraway", "local_only": True}, WrongAgent),
    ],
)
async def test_admins_choose_an_agent_and_are_told_what_it_means(
    office: Office, before: dict[str, object], after: dict[str, object], says: type
) -> None:
    office.staff.groups["U0DANA"].add("sre-leads")
    await _put(office, "C0INC", **before)
    wanted = Wanted(tenant=TENANT, channel="C0INC", who="U0DANA", settings=ChannelSettings(**after))  # type: ignore[arg-type]
    admins = Admins(people=office.staff, groups=("sre-leads",))
    done = await preferences.change(office.db, admins, AGENTS, wanted)
    assert isinstance(done, says)
    async with office.db.read() as tx:
        now, _ = await channels.rows(tx, TENANT, "C0INC")
    assert (now.agent == after["agent"]) is (says is Saved or before.get("agent") == after["agent"])


async def test_a_workspaces_cloud_agent_leaves_a_local_only_channel_closed_and_says_so(office: Office) -> None:
    office.staff.groups["U0DANA"].add("sre-leads")
    await _put(office, WORKSPACE, agent="faraway")
    wanted = Wanted(tenant=TENANT, channel="C0INC", who="U0DANA", settings=ChannelSettings(local_only=True))
    admins = Admins(people=office.staff, groups=("sre-leads",))
    done = await preferences.change(office.db, admins, AGENTS, wanted)
    assert isinstance(done, Saved) and "until you choose a local one" in done.note


def test_what_ships_is_a_real_choice_and_ones_own_files_come_first(tmp_path: Path) -> None:
    shipped = lineup.read(None, ())
    assert [one.name for one in shipped] == ["autopilot", "database", "support"]
    assert all(one.summary for one in shipped) and len({one.version for one in shipped}) == 3
    assert not shipped[2].may_ask_for("shop.set_flag") and shipped[2].may_ask_for("product.get_user_360")
    (tmp_path / "mine.yaml").write_text("name: support\ncharter: []\nprompt: mine\n")
    assert [one.prompt for one in lineup.read(None, [tmp_path]) if one.name == "support"] == ["mine"]
    (tmp_path / "twice.yaml").write_text("name: support\ncharter: []\nprompt: again\n")
    with pytest.raises(AgentFileError, match="there is an agent 'support' already"):
        lineup.read(None, [tmp_path])
