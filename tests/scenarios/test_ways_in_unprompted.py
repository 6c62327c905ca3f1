"""Ways in besides a mention: the message shortcut, a reaction, channels that answer without one, settings."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.agent import lineup
from storage import audit, channels, evaluations, tasks
from storage.channels import ChannelSettings, Mode
from storage.records import Source, Task
from tests.scenarios.world import ANA, BOT, DANA, INCIDENTS, KIM, World, a_world, everything

SET = pytest.MonkeyPatch


async def _whispered(world: World, who: str, words: str, *, channel: str = INCIDENTS) -> None:
    def seen() -> bool:
        return any(words in everything(m) for m in world.slack.ui.messages(channel, as_=who) if m.get("ephemeral_for"))

    await world.see(seen)


async def _set(world: World, settings: ChannelSettings, channel: str = INCIDENTS) -> None:
    async with world.database() as db, db.write() as tx:
        await channels.put(tx, "T0ACME", channel, settings, by=DANA)


async def _tasks(world: World) -> list[Task]:
    async with world.database() as db, db.read() as tx:
        return await tasks.recent(tx, "T0ACME")


async def test_the_shortcut_looks_into_somebodys_message(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        said = await world.slack.ui.send(KIM, INCIDENTS, "customers say checkout is failing with 500s")
        assert await world.slack.ui.shortcut(ANA, "message.ask_about", INCIDENTS, said["ts"]) == {"ok": True}
        await world.card(said["ts"], "proposal.approve")
        [task] = await _tasks(world)
        assert (task.requester, task.source, task.thread_ts) == (ANA, Source.COMMAND, said["ts"])


async def test_the_shortcut_where_the_bot_is_not_says_what_to_do(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        said = await world.slack.ui.send(KIM, "C0DATA", "the numbers look odd")
        world.slack.workspace.channels["C0DATA"].members.discard(BOT)
        await world.slack.ui.shortcut(ANA, "message.ask_about", "C0DATA", said["ts"])

        def told() -> bool:
            shown = world.slack.ui.messages("C0DATA", as_=ANA)
            return any("Invite me" in everything(m) for m in shown if m.get("ephemeral_for"))

        assert await world.see(told)
        assert await _tasks(world) == []


@pytest.mark.parametrize(("archived", "words"), [(False, "Invite me"), (True, "archived")])
async def test_ask_where_the_bot_cannot_write_says_what_to_do(
    tmp_path: Path, monkeypatch: SET, archived: bool, words: str
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        channel = world.slack.workspace.channels["C0DATA"]
        channel.is_archived = archived
        if not archived:
            channel.members.discard(BOT)
        await world.slack.ui.command(ANA, "C0DATA", "/autopilot", "ask is checkout failing?")
        await _whispered(world, ANA, words, channel="C0DATA")


async def test_a_reaction_keeps_the_thread_as_a_case_once_and_drops_it_again(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("is checkout failing?")
        answer = await world.text(thread, "looks healthy")
        await world.slack.ui.react(KIM, INCIDENTS, answer["ts"], "test_tube")
        await _whispered(world, KIM, "evaluation case")
        await world.slack.ui.react(ANA, INCIDENTS, thread, "test_tube")
        await world.slack.ui.react(ANA, INCIDENTS, thread, "eyes")
        async with world.database() as db, db.read() as tx:
            [case] = await evaluations.newest(tx, tenant="T0ACME")
        [task] = await _tasks(world)
        assert (case.kind, case.task_id, case.by, case.thread_ts) == ("kept", task.id, KIM, thread)
        assert "is checkout failing?" in case.request
        await world.slack.ui.react(KIM, INCIDENTS, answer["ts"], "test_tube", remove=True)
        await world.see(lambda: _acked(world, "reaction_removed"))
        async with world.database() as db, db.read() as tx:
            assert await evaluations.newest(tx, tenant="T0ACME") == []


def _acked(world: World, name: str) -> bool:
    return any(
        e.answer.get("acked") for e in world.slack.log.find(kind="event", name=name) if isinstance(e.answer, dict)
    )


async def test_an_alert_that_another_app_posts_is_answered_where_admins_want_it(
    tmp_path: Path, monkeypatch: SET
) -> None:
    """It passes the filter, so it is looked into; the other one does not; what people say is theirs."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        await _set(world, ChannelSettings(mode=Mode.BOTS, words="checkout, payments"))
        await world.slack.ui.post_as_app(INCIDENTS, "disk is full on db-7")
        await world.slack.ui.send(KIM, INCIDENTS, "is checkout ok?")
        alert = await world.slack.ui.post_as_app(
            INCIDENTS, "", attachments=[{"title": "FIRING: checkout is failing", "text": "error rate 12 %"}]
        )
        await world.card(alert["ts"], "proposal.approve")
        [task] = await _tasks(world)
        assert (task.source, task.requester, task.thread_ts) == (Source.AUTO, BOT, alert["ts"])


async def test_every_message_of_a_channel_is_answered_where_admins_want_it(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        await _set(world, ChannelSettings(mode=Mode.EVERY))
        said = await world.slack.ui.send(KIM, INCIDENTS, "checkout is failing, anyone?")
        await world.card(said["ts"], "proposal.approve")
        await world.slack.ui.send(ANA, INCIDENTS, "I am looking", thread_ts=said["ts"])
        mention = await world.ask("checkout is failing")
        await world.card(mention, "proposal.approve")
        assert len(await _tasks(world)) == 2


async def test_without_that_setting_nobody_is_answered_who_did_not_ask(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await world.slack.ui.send(KIM, INCIDENTS, "checkout is failing, anyone?")
        await world.slack.ui.post_as_app(INCIDENTS, "checkout is failing")
        await world.text(await world.ask("is checkout failing?"), "looks healthy")
        assert len(await _tasks(world)) == 1


# --- settings ---------------------------------------------------------------------------------------------


def _choose(value: str, text: str = "x") -> dict[str, Any]:
    return {"field": {"type": "static_select", "selected_option": {"value": value, "text": text}}}


async def _entries(world: World) -> list[dict[str, Any]]:
    async with world.database() as db, db.read() as tx:
        found = await audit.entries(tx, "T0ACME")
    return [json.loads(e.body) for e in found if e.event == "ops.settings.changed"]


async def test_an_admin_changes_a_channel_and_it_is_on_the_record(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "settings")
        await world.see(lambda: world.slack.ui.open_view(DANA))
        values = {"settings.enabled": _choose("false"), "settings.per_minute": "4"}
        done = await world.slack.ui.submit_view(DANA, values=values)
        assert "Saved" in str(done["view"])
        async with world.database() as db, db.read() as tx:
            now = await channels.in_force(tx, "T0ACME", INCIDENTS)
        assert (now.enabled, now.per_minute) == (False, 4)
        [entry] = await _entries(world)
        assert (entry["who"], entry["channel"], entry["after"]["per_minute"]) == (DANA, INCIDENTS, 4)
        thread = await world.ask("is checkout failing?")
        await world.text(thread, "switched off")


async def test_a_dangerous_change_asks_and_says_what_it_means(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await _set(world, ChannelSettings(autonomy=1, local_only=True))
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "settings")
        await world.see(lambda: world.slack.ui.open_view(DANA))
        values = {
            "settings.autonomy": _choose("3"),
            "settings.mode": _choose("every"),
            "settings.local_only": _choose("inherit"),
        }
        asked = await world.slack.ui.submit_view(DANA, values=values)
        words = str(asked["view"])
        assert "rises from 1 to 3" in words and "every message" in words and "cloud provider" in words
        assert await _entries(world) == []
        done = await world.slack.ui.submit_view(DANA)
        assert "Saved" in str(done["view"])
        [entry] = await _entries(world)
        assert (entry["after"]["autonomy"], entry["confirmed"]) == (3, True)

        await world.slack.ui.close_view(DANA)
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "settings")
        await world.see(lambda: world.slack.ui.open_view(DANA))
        await world.slack.ui.submit_view(DANA, values={"settings.autonomy": _choose("4")})
        monkeypatch.setattr("bot.slack.people.FRESH", 0.0)
        people = world.slack.workspace.people
        people[DANA] = replace(people[DANA], deleted=True)  # while the question stands before her
        told = str((await world.slack.ui.submit_view(DANA))["view"])
        assert "Not saved" in told and "settings are changed by admins of this workspace" in told
        assert len(await _entries(world)) == 1


async def test_the_workspaces_agent_works_everywhere_and_is_on_record(tmp_path: Path, monkeypatch: SET) -> None:
    """Its own tools and playbooks only; the version recorded is that agent's."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "settings workspace")
        form = await world.see(lambda: world.slack.ui.open_view(DANA))
        assert "support (local)" in str(form) and "database (local)" in str(form)
        done = await world.slack.ui.submit_view(DANA, values={"settings.agent": _choose("support")})
        assert "Saved" in str(done["view"]) and "people's accounts" in str(done["view"])
        thread = await world.ask("checkout is failing, what is going on?")
        await world.text(thread, "I have no playbook for that")
        [task] = await _tasks(world)
        support = next(one for one in lineup.read(None, ()) if one.name == "support")
        assert (task.agent, task.agent_version) == ("support", support.version)


async def test_who_is_no_admin_sees_what_holds_and_changes_nothing(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await world.slack.ui.command(KIM, INCIDENTS, "/autopilot", "settings")
        await _whispered(world, KIM, "requests a minute")
        await _whispered(world, KIM, "Changed by admins of this workspace")
        assert world.slack.ui.open_view(KIM) is None


async def test_the_word_in_a_thread_brings_a_button_for_the_modal(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("please write a poem")
        await world.text(thread, "I have no playbook for that")
        await world.slack.ui.send(DANA, INCIDENTS, "@autopilot settings", thread_ts=thread)
        message = await world.text(thread, "Change settings", who=DANA)
        await world.click(DANA, message, "settings.open")
        assert "Channel settings" in str(await world.see(lambda: world.slack.ui.open_view(DANA)))


async def test_a_member_of_the_group_that_operators_name_may_change_settings(tmp_path: Path, monkeypatch: SET) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, admin_groups="sre") as world:
        await world.slack.ui.command("U0NOOR", INCIDENTS, "/autopilot", "settings")
        assert await world.see(lambda: world.slack.ui.open_view("U0NOOR"))
