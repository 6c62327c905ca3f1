"""Schedules edited from Slack: by admins, on the record, and what acts only after it was proven."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.brains.base import Saying
from bot.brains.scripted import ScriptedBrain
from storage import audit, schedules
from storage.clock import now
from storage.records import Schedule
from storage.tables import schedules as table
from tests.scenarios.world import DANA, RILEY, SAM, Message, World, a_world, everything
from tests.tools.playbooks.test_reading import a_skill

OPS = "C0OPS"
TENANT = "T0ACME"
WHEN, ZONE, TEXT, KIND = "schedule.when", "schedule.tz", "schedule.text", "schedule.kind"


def modal(world: World, who: str, words: str) -> Any:
    """The person's open modal, once it holds these words."""
    view = world.slack.ui.open_view(who)
    return view if view is not None and words in str(view) else None


async def the_list(world: World, who: str = DANA, words: str = "Add a schedule") -> Any:
    await world.slack.ui.command(who, OPS, "/autopilot", "schedules")
    return await world.see(lambda: modal(world, who, words))


async def the_schedules(world: World) -> list[Schedule]:
    async with world.database() as db, db.read() as tx:
        return await schedules.of_tenant(tx, TENANT)


async def events(world: World) -> list[dict[str, Any]]:
    async with world.database() as db, db.read() as tx:
        found = await audit.entries(tx, TENANT)
    return [{"event": e.event, **json.loads(e.body)} for e in found if e.event.startswith("ops.schedule.")]


async def press(world: World, schedule: Schedule, what: str, words: str, who: str = DANA) -> None:
    """Press a button of one row, and see the list say so."""
    view = world.slack.ui.open_view(who)
    assert view is not None
    action = {"type": "button", "action_id": f"schedule.{what}", "value": schedule.id}
    await world.slack.ui.action(who, action, f"schedules.{schedule.id}", view_id=view["id"])
    await world.see(lambda: modal(world, who, words))


async def said(world: World, words: str, seconds: float = 30) -> str:
    """The message of #ops that holds these words, threads included."""

    def look() -> str:
        roots = world.slack.ui.messages(OPS, as_=DANA)
        every = [m for root in roots for m in (root, *world.slack.ui.messages(OPS, as_=DANA, thread_ts=root["ts"]))]
        return next((everything(m) for m in every if words in everything(m)), "")

    return str(await world.see(look, seconds))


async def add(world: World, **values: str) -> Schedule:
    before = {s.id for s in await the_schedules(world)}
    await world.slack.ui.click_in_view(DANA, "schedule.add")
    await world.see(lambda: modal(world, DANA, "Time zone"))
    answer = await world.slack.ui.submit_view(DANA, values={name.replace("_", "."): v for name, v in values.items()})
    assert answer["ok"], answer
    await world.see(lambda: modal(world, DANA, "Saved"))
    [new] = [s for s in await the_schedules(world) if s.id not in before]
    return new


FLAG_WATCH = """plan: Watch the flag
steps:
  - call: {id: flags, tool: shop.list_flags, must: true}
  - if: "!steps.flags.result.flags.exists(f, f.name == 'new-checkout' && f.on)"
    then:
      - say: "'The flag is off.'"
      - stop: true
  - call:
      id: off
      tool: shop.set_flag
      with: {name: "'new-checkout'", "on": "false", percent: "0"}
      reason_code: ROUTINE
      why: "'it is to stay off'"
quiet: "!has(steps.off)"
"""


async def fire(world: World, schedule: Schedule) -> None:
    async with world.database() as db, db.write() as tx:
        await tx.run(table.update().where(table.c.id == schedule.id).values(next_at=now()))


async def test_what_acts_is_proven_step_by_step_and_then_runs_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, it has one message a day: quiet while all is well, and loud when something waits for people."""
    skills = a_skill(tmp_path / "skills", "flag-watch", FLAG_WATCH)
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, skills=[skills]) as world:
        await the_list(world)
        new = await add(world, schedule_kind="request", schedule_when="every 6 h", schedule_text="skill flag-watch")
        assert not new.enabled and new.owner == DANA and new.every_seconds == 6 * 3600
        await press(world, new, "start", "a clean dry run of exactly this must come first")
        await press(world, new, "run_now", "a clean dry run of exactly this must come first")
        await press(world, new, "dry_run", "A dry run begins")
        assert "nothing will be changed" in await said(world, "skill flag-watch")
        await said(world, "The dry run was clean")
        await press(world, new, "start", "a clean run by hand of exactly this must come first")
        await press(world, new, "run_now", "It begins")
        await said(world, "It may run alone now")
        await press(world, new, "start", "Started")
        assert [e["event"].rpartition(".")[2] for e in await events(world)] == [
            "added",
            "start_refused",
            "run_refused",
            "run_now",
            "start_refused",
            "run_now",
            "started",
        ]
        for times in (1, 2):
            await fire(world, new)
            await said(world, f"came {times} times")
        day = one_of(world, "came 2 times")
        assert f"<@{DANA}>" in everything(day) and "2 times it was well" in everything(day)
        assert len(world.slack.ui.messages(OPS, as_=DANA, thread_ts=day["ts"])) == 1  # nothing but itself

        flags = world.shop.world.flags
        flag = flags.find("new-checkout")
        assert flag is not None
        flags.change(replace(flag, on=True, percent=5), by="somebody", at=world.shop.world.at)
        await fire(world, new)
        await world.see(lambda: "proposal.approve" in in_thread(world, day))
        await world.see(
            lambda: "Listed the feature flags" in in_thread(world, day)
        )  # the card may come before its words
        await world.see(lambda: "Open the card" in everything(one_of(world, "asks people to decide")))
        assert len([m for m in world.slack.ui.messages(OPS, as_=DANA) if "in the name of" in everything(m)]) == 3


def in_thread(world: World, root: Message) -> str:
    return str([everything(m) for m in world.slack.ui.messages(OPS, as_=DANA, thread_ts=root["ts"])])


def one_of(world: World, words: str) -> Message:
    """The message of the channel itself with these words, or an empty one."""
    found: Message = next((m for m in world.slack.ui.messages(OPS, as_=DANA) if words in everything(m)), {})
    return found


async def test_a_change_of_what_it_does_has_to_be_proven_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brain = ScriptedBrain([[Saying(delta="Looked.")]])
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:
        await the_list(world)
        new = await add(world, schedule_kind="request", schedule_when="0 9 * * 1-5", schedule_text="look around")
        await press(world, new, "dry_run", "A dry run begins")
        await said(world, "The dry run was clean")
        await press(world, new, "run_now", "It begins")
        await said(world, "It may run alone now")
        await press(world, new, "start", "Started")
        for typed, enabled in (({WHEN: "30 8 * * 1-5", ZONE: "Europe/Berlin"}, True), ({TEXT: "look harder"}, False)):
            view = world.slack.ui.open_view(DANA)
            assert view is not None
            action = {"type": "button", "action_id": "schedule.edit", "value": new.id}
            await world.slack.ui.action(DANA, action, f"schedules.{new.id}", view_id=view["id"])
            await world.see(lambda: modal(world, DANA, "Change a schedule"))
            assert (await world.slack.ui.submit_view(DANA, values=typed))["ok"]
            words = "Saved; it comes next" if enabled else "Saved, switched off"
            await world.see(partial(modal, world, DANA, words))
            [found] = [s for s in await the_schedules(world) if s.id == new.id]
            assert found.enabled is enabled
        await press(world, new, "start", "a clean dry run of exactly this must come first")
        before = [e["before"]["payload"] for e in await events(world) if e["event"].endswith("changed")]
        assert before == [{"text": "look around"}, {"text": "look around"}]


async def test_digests_are_added_paused_run_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await the_list(world)
        new = await add(world, schedule_kind="digest", schedule_when="0 7 * * *", schedule_tz="Asia/Kolkata")
        assert new.enabled and new.tz == "Asia/Kolkata"
        await press(world, new, "pause", "Paused")
        assert not next(s for s in await the_schedules(world) if s.id == new.id).enabled
        await press(world, new, "run_now", "The digest is being posted")
        await said(world, "Daily operations digest")
        await press(world, new, "start", "it comes next on")
        await press(world, new, "remove", "Removed")
        assert new.id not in {s.id for s in await the_schedules(world)}
        assert {e["by"] for e in await events(world)} == {DANA}


@pytest.mark.parametrize(
    ("typed", "place", "words"),
    [
        ({WHEN: "at nine"}, WHEN, "five cron fields"),
        ({WHEN: "every 1 min"}, WHEN, "5 minutes"),
        ({ZONE: "Mars/Base"}, ZONE, "no time zone"),
        ({KIND: "request"}, TEXT, "say what to ask for"),
    ],
)
async def test_wrong_values_are_said_at_their_field(
    typed: dict[str, str], place: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await the_list(world)
        await world.slack.ui.click_in_view(DANA, "schedule.add")
        await world.see(lambda: modal(world, DANA, "Time zone"))
        answer = await world.slack.ui.submit_view(DANA, values=typed)
        assert list(answer["errors"]) == [place] and words in answer["errors"][place]
        assert len(await the_schedules(world)) == 1


async def test_only_admins_change_schedules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others read them; a press that is forged, or of somebody who has left the group, changes nothing."""
    monkeypatch.setattr("bot.slack.people.GROUPS_FRESH", 0.0)
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await world.slack.ui.command(RILEY, OPS, "/autopilot", "schedules")
        await world.see(lambda: any("@sre-leads" in everything(m) for m in world.slack.ui.messages(OPS, as_=RILEY)))
        assert world.slack.ui.open_view(RILEY) is None
        await the_list(world, SAM)
        [digest] = await the_schedules(world)
        group = world.slack.workspace.groups["S0SRELEADS"]
        world.slack.workspace.groups["S0SRELEADS"] = type(group)(
            id=group.id, handle=group.handle, name=group.name, members=()
        )
        await press(world, digest, "pause", "Schedules are changed by @sre-leads", who=SAM)
        assert (await the_schedules(world))[0].enabled
        assert [(e["event"], e["by"]) for e in await events(world)] == [("ops.schedule.refused", SAM)]


async def test_the_weekly_digest_is_posted_once_with_its_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message and one picture."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "Done and verified", seconds=60)
        await the_list(world)
        new = await add(world, schedule_kind="autonomy", schedule_when="0 9 * * 1", schedule_tz="Europe/Berlin")
        await press(world, new, "run_now", "The digest is being posted")
        words = await said(world, "Weekly autonomy digest", 60)
        assert ": 1 approved, 0 rejected" in words and "Stacked bars by day" in words
        [picture] = world.slack.office.files.values()
        assert picture.content.startswith(b"\x89PNG") and picture.id in words
