"""Skills through the real runner, gateway and store: labels, statistics, alerts, and what goes wrong in them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.agent.lineup import Lineup
from bot.brains.rules import RulesBrain
from bot.schedules.definition import Installed
from policy.autonomy import Line
from policy.types import Tier
from storage import channels, posts, schedules, skill_runs, steps, tasks
from storage.channels import ChannelSettings
from storage.records import PostKind, Schedule, ScheduleKind, Source, Step, StepKind, Task, TaskState
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import Office
from tests.tools.asking import bodies
from tests.tools.playbooks.test_reading import a_skill
from tools.playbooks.library import find
from tools.sealing import open_seal

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
__all__ = ["lab", "lab_engine", "office", "rules", "staff"]

SET = """
  - call:
      id: set
      tool: lab.set
      with: {thing: "'checkout'", value: VALUE}
      reason_code: INCIDENT
      why: "'it burns'"
"""
READ = "  - call: {id: read, tool: lab.read, must: true}\n"
OUTPUT = "output: {value: steps.read.result.value}\n"


def using(office: Office, folder: Path) -> Office:
    library = find([folder], {tool.name: tool for tool in office.gateway.registry})
    return Office(db=office.db, lab=office.lab, staff=office.staff, rules=office.rules, brain=RulesBrain(library))


async def transcript(office: Office, task: Task) -> list[Step]:
    async with office.db.read() as tx:
        return await steps.of_task(tx, task)


async def said(office: Office, task: Task) -> str:
    return "".join(str(s.body["text"]) for s in await transcript(office, task) if s.kind is StepKind.SAID)


async def run(office: Office, text: str) -> Task:
    task = await office.ask(text=text, thread=f"{next(office.keys)}.0")
    await office.work()
    async with office.db.read() as tx:
        return await tasks.get(tx, TENANT, task.id)


async def test_a_skill_runs_others_and_what_it_found_and_learned_is_kept(office: Office, tmp_path: Path) -> None:
    a_skill(tmp_path, "look", f"plan: Look\ninputs: {{most: {{default: 0, type: integer}}}}\nsteps:\n{READ}"
            "  - say: \"'inside'\"\noutput: {high: steps.read.result.value > inputs.most}\n")  # fmt: skip
    a_skill(
        tmp_path,
        "whole",
        "plan: All\nsteps:\n  - skill: {id: a, skill: look}\n  - skill: {id: b, skill: look, with: {most: '5'}}\n"
        "  - say: \"(steps.a.result.high ? 'yes ' : 'no ') + (steps.b.result.high ? 'yes' : 'no')\"\n"
        "output: {high: steps.a.result.high}\noutput_schema: {type: object, properties: {high: {type: boolean}}}\n",
    )
    office = using(office, tmp_path)
    task = await run(office, "skill whole")
    assert (task.state, await said(office, task)) == (TaskState.COMPLETED, "yes no")
    notes = [s.body for s in await transcript(office, task) if s.kind is StepKind.NOTE]
    assert [(n["skill"], n["path"], n["output"]) for n in notes] == [
        ("look", "a.", {"high": True}),
        ("look", "b.", {"high": False}),
        ("whole", "", {"high": True}),
    ]
    async with office.db.read() as tx:
        known = await skill_runs.learned(tx, TENANT)
    assert (known["look"].runs, known["look"].ok, known["whole"].runs) == (2, 2, 1)
    assert known["whole"].in_words().startswith("worked 1 of 1 times, takes 0.")


async def test_where_a_value_comes_from_stays_with_it(office: Office, tmp_path: Path) -> None:
    """Written in the playbook: vouched for. Out of a result that may hold others' words: labelled, also in a skill."""
    a_skill(tmp_path, "fixed", f"plan: x\nsteps:\n{READ}{SET.replace('VALUE', '`7`').replace('`', chr(34))}")
    a_skill(tmp_path, "drawn", f"plan: x\nsteps:\n{READ}{SET.replace('VALUE', 'steps.read.result.value + 1')}")
    a_skill(tmp_path, "inner", f"plan: x\nsteps:\n{READ}{OUTPUT}")
    passed = SET.replace("VALUE", "steps.i.result.value + 41")
    a_skill(tmp_path, "through", f"plan: x\nsteps:\n  - skill: {{id: i, skill: inner}}\n{passed}")
    steps_of_given = SET.replace("VALUE", "inputs.n")
    a_skill(tmp_path, "given", f"plan: x\ninputs: {{n: {{default: 1, type: integer}}}}\nsteps:\n{steps_of_given}")
    giving = "  - skill: {id: g, skill: given, with: {n: steps.read.result.value + 8}}\n"
    a_skill(tmp_path, "giving", f"plan: x\nsteps:\n{READ}{giving}")
    echoed = "plan: x\ninputs: {n: {default: 1, type: integer}}\nsteps:\n  - say: \"'hm'\"\noutput: {value: inputs.n}\n"
    a_skill(tmp_path, "echo", echoed)
    echoing = "  - skill: {id: e, skill: echo, with: {n: steps.read.result.value + 9}}\n"
    a_skill(tmp_path, "laundry", f"plan: x\nsteps:\n{READ}{echoing}{SET.replace('VALUE', 'steps.e.result.value + 50')}")
    office = using(office, tmp_path)
    labels = {}
    for name in ("fixed", "drawn", "through", "giving", "laundry"):
        task = await run(office, f"skill {name}")
        labels[name] = dict(open_seal(await office.of(task)).origins)
    assert labels["fixed"] == {}
    assert [sorted(labels[name]) for name in ("drawn", "through", "giving", "laundry")] == [["value"]] * 4


async def test_a_condition_on_a_missing_field_ends_the_skill_in_words(office: Office, tmp_path: Path) -> None:
    missing = "  - if: steps.read.result.nothing > 1\n    then: [{stop: true}]\n"
    a_skill(tmp_path, "look", f"plan: x\nsteps:\n{READ}{missing}")
    says = "  - say: \"steps.s.status + ': ' + steps.s.message\"\n"
    a_skill(tmp_path, "outer", f"plan: x\nsteps:\n  - skill: {{id: s, skill: look}}\n{says}")
    schema = "output_schema: {properties: {value: {type: string}}}\n"
    a_skill(tmp_path, "wrong", f"plan: x\nsteps:\n{READ}{OUTPUT}{schema}")
    office = using(office, tmp_path)
    task = await run(office, "skill look")
    assert task.state is TaskState.COMPLETED
    assert await said(office, task) == (
        "The playbook `look` cannot go on: no 'nothing' here, asked for by 'steps.read.result.nothing > 1'; "
        "guard it with has() or fix the name. Nothing more was done."
    )
    assert (await said(office, await run(office, "skill outer"))).startswith("failed: The playbook `look` cannot go on")
    wrong = await said(office, await run(office, "skill wrong"))
    assert "does not fit its schema: value: 1 is not of type 'string'" in wrong
    async with office.db.read() as tx:
        known = await skill_runs.learned(tx, TENANT)
    assert [(known[n].ok, known[n].runs) for n in ("look", "outer", "wrong")] == [(0, 2), (1, 1), (0, 1)]


async def test_whether_a_change_helped_is_learned(office: Office, tmp_path: Path) -> None:
    again = "  - call: {id: after, tool: lab.read}\nhelped: steps.after.result.value == 7\n"
    a_skill(tmp_path, "mend", f"plan: x\nsteps:\n{SET.replace('VALUE', '`7`').replace('`', chr(34))}{again}")
    office = using(office, tmp_path)
    task = await run(office, "skill mend")
    await office.approve("U0DANA", await office.of(task))
    while await office.work():
        pass
    async with office.db.read() as tx:
        [learned] = (await skill_runs.learned(tx, TENANT)).values()
    assert (learned.changed, learned.helped, learned.did_not_help) == (1, 1, 0)
    assert "helped 1 of 1 times it changed something" in learned.in_words()


async def test_people_are_alerted_where_they_look(office: Office, tmp_path: Path) -> None:
    """In the thread when somebody asked; in the channel, by name, when it ran by itself; in words only in a dry run."""
    alert = "  - alert: {when: steps.read.result.value == 1, says: \"'it is one'\", severity: critical}\n"
    a_skill(tmp_path, "watch", f"plan: x\nsteps:\n{READ}{alert}  - alert: {{when: 'false', says: \"'no'\"}}\n")
    office = using(office, tmp_path)
    where = []
    for source, dry in ((Source.MENTION, False), (Source.SCHEDULE, False), (Source.SCHEDULE, True)):
        request = office.request(text="skill watch", thread=f"{next(office.keys)}.0")
        task = await office.desk.submit(type(request)(**{**vars(request), "source": source, "dry_run": dry}))
        assert task is not None
        await office.work()
        async with office.db.read() as tx:
            [post] = await posts.showing(tx, TENANT, f"alert:{task.id}:1:0")
        assert post.kind is PostKind.NOTICE
        where.append((bool(post.thread_ts), post.body["text"]))
    assert where == [
        (True, "it is one"),
        (False, "<@U0ANA> critical: it is one"),
        (True, "Dry run: here I would alert people: it is one"),
    ]
    assert [body["severity"] for body in await bodies(office.db, "alerted")] == ["critical"] * 3


async def test_what_is_found_again_by_itself_is_told_in_the_channel_once_an_hour(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every five minutes the same words, but for the numbers, are no news; something else is."""
    says = "  - alert: {says: \"'has ' + num(steps.read.result.value) + ' rows'\"}\n"
    a_skill(tmp_path, "watch", f"plan: x\nsteps:\n{READ}{says}")
    a_skill(tmp_path, "other", f"plan: x\nsteps:\n{READ}  - alert: {{says: \"'is late'\"}}\n")
    office = using(office, tmp_path)

    async def told(skill: str) -> bool:
        request = office.request(text=f"skill {skill}", thread=f"{next(office.keys)}.0")
        task = await office.desk.submit(type(request)(**{**vars(request), "source": Source.SCHEDULE}))
        assert task is not None
        await office.work()
        office.lab.state["checkout"] += 1
        async with office.db.read() as tx:
            [post] = await posts.showing(tx, TENANT, f"alert:{task.id}:1:0")
        return not post.thread_ts

    assert [await told("watch"), await told("watch"), await told("other"), await told("other")] == [True, False] * 2
    monkeypatch.setattr("bot.agent.skill_ends.TOLD_AGAIN_AFTER", -1.0)
    assert await told("watch")
    assert len(await bodies(office.db, "alerted")) == 5


async def test_a_skill_by_name_with_a_wrong_input_says_what_it_takes(office: Office, tmp_path: Path) -> None:
    a_skill(tmp_path, "look", f"plan: x\ninputs: {{n: {{default: 1, type: integer}}}}\nsteps:\n{READ}")
    office = using(office, tmp_path)
    for text, answer in (
        ("skill look n=many", "Input `n` of skill `look` must be a whole number, not 'many'."),
        ("skill look m=1", "Skill `look` has no input `m`; it has n."),
        ("run skill nothing", "I have no skill `nothing` with a playbook; I have look."),
    ):
        assert await said(office, await run(office, text)) == answer
    assert office.lab.seen == []


async def test_a_chart_is_the_result_of_a_call_as_a_picture(office: Office, tmp_path: Path) -> None:
    a_skill(tmp_path, "drawn", f"plan: x\nsteps:\n{READ}  - chart: read\n")
    office = using(office, tmp_path)
    task = await run(office, "skill drawn")
    async with office.db.read() as tx:
        [post] = await posts.showing(tx, TENANT, f"picture:{task.id}:read")
    assert post.kind is PostKind.PICTURE


async def _a_watch(office: Office) -> Schedule:
    async with office.db.write() as tx:
        watch = await schedules.add(
            tx,
            tenant=TENANT,
            kind=ScheduleKind.REQUEST,
            cron="",
            tz="UTC",
            channel="C0OPS",
            next_at=0.0,
            every_seconds=300.0,
            payload={"text": "skill pg-watch"},
        )
    assert watch is not None
    return watch


async def test_a_changed_skill_has_to_be_proven_anew_before_it_runs_alone(office: Office) -> None:
    """The watcher is a schedule: what it would do is part of what was proven."""
    watch = await _a_watch(office)
    installed = Installed(gateway=office.gateway, agents=Lineup.only(office.agent), skills={"pg-watch": "1"})
    changed = replace(installed, skills={"pg-watch": "2"})
    async with office.db.read() as tx:
        assert await installed.definition_of(tx, watch) == await replace(installed).definition_of(tx, watch)
        assert await installed.definition_of(tx, watch) != await changed.definition_of(tx, watch)


@pytest.mark.parametrize("changes", [{"caps": {"prod": 3}}, {"lines": (Line(tier=Tier.REVERSIBLE, level=2),)}])
async def test_a_schedule_that_people_were_asked_about_has_to_be_proven_anew_to_act_alone(
    office: Office, changes: dict[str, Any]
) -> None:
    """A raised level is no change of the rules' text, but what waited for people in the proof would wait no more."""
    watch = await _a_watch(office)
    installed = Installed(gateway=office.gateway, agents=Lineup.only(office.agent))
    async with office.db.write() as tx:
        proven = await installed.definition_of(tx, watch)
        table = office.gateway.rules.autonomy
        office.gateway.rules = replace(office.gateway.rules, autonomy=table.model_copy(update=changes))
        assert await installed.definition_of(tx, watch) != proven
        office.gateway.rules = replace(office.gateway.rules, autonomy=table)
        assert await installed.definition_of(tx, watch) == proven
        await channels.put(tx, TENANT, watch.channel, ChannelSettings(autonomy=0), by="U0ANA")
        assert await installed.definition_of(tx, watch) != proven
