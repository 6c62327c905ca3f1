"""What people do that nobody planned for: each has an outcome, and none disturbs the next request."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.brains.base import Saying, UserSaid
from bot.brains.scripted import ScriptedBrain
from storage import steps, tasks
from storage.records import Task, TaskState
from tests.scenarios.world import ANA, BOT, INCIDENTS, World, a_world, everything


async def _tasks(world: World) -> list[Task]:
    async with world.database() as db, db.read() as tx:
        return await tasks.recent(tx, "T0ACME")


async def test_forty_thousand_characters_are_cut_with_a_note_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("is checkout failing? " + "x" * 39_970)
        await world.text(thread, "looks healthy")
        await world.text(thread, "I read the first 12,000 of your 39,")
        [task] = await _tasks(world)
        async with world.database() as db, db.read() as tx:
            first = (await steps.of_task(tx, task))[0]
        assert "[cut: the message has 39" in str(first.body["text"]) and len(str(first.body["text"])) < 13_000


@pytest.mark.parametrize("words", [":fire: :fire: :fire:", "🔥🔥🔥", ""])
async def test_emoji_or_nothing_at_all_gets_the_helpful_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask(words)
        await world.text(thread, "I have no playbook for that")


async def test_an_edited_or_deleted_request_is_no_second_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("is checkout failing?")
        await world.text(thread, "looks healthy")
        other = await world.ask("please write a poem")
        await world.text(other, "I have no playbook")
        await world.slack.ui.edit(ANA, INCIDENTS, thread, "@autopilot is analytics lagging?")
        await world.slack.ui.delete(ANA, INCIDENTS, other)
        await world.text(await world.ask("is checkout failing?"), "looks healthy")
        assert len(await _tasks(world)) == 3


@pytest.mark.parametrize("archived", [False, True])
async def test_a_channel_that_takes_no_messages_any_more_does_not_disturb_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archived: bool
) -> None:
    """Removed from it, or archived: the task ends there unseen; its messages are given up, not tried for ever."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        await world.ask("please write a poem", channel="C0DATA")
        channel = world.slack.workspace.channels["C0DATA"]
        if archived:
            channel.is_archived = True
        else:
            channel.members.discard(BOT)
        await world.text(await world.ask("please write a poem"), "I have no playbook")
        await world.slack.ui.command(ANA, "C0DATA", "/autopilot", "ask is checkout failing?")
        why = "This channel is archived" if archived else "I am not in this channel. Invite me"

        def told() -> bool:
            shown = world.slack.ui.messages("C0DATA", as_=ANA)
            return any(why in everything(m) for m in shown if m.get("ephemeral_for"))

        assert await world.see(told)

        async def over() -> bool:
            return all(task.state == TaskState.COMPLETED for task in await _tasks(world))

        async with asyncio.timeout(60):
            while not await over():  # noqa: ASYNC110 - a database has no event for it
                await asyncio.sleep(0.05)


async def test_a_deactivated_approvers_press_counts_for_nothing_and_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        people = world.slack.workspace.people
        people["U0DANA"] = replace(people["U0DANA"], deleted=True)
        await world.click("U0DANA", card, "proposal.approve")
        await world.text(thread, "not an active member", who="U0DANA")
        [task] = await _tasks(world)
        assert task.state is TaskState.NEEDS_APPROVAL


async def test_a_deactivated_persons_command_changes_nothing_and_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An admin who left sees what holds, and gets no form."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        people = world.slack.workspace.people
        people["U0DANA"] = replace(people["U0DANA"], deleted=True)
        await world.slack.ui.command("U0DANA", INCIDENTS, "/autopilot", "settings")

        def told() -> bool:
            shown = world.slack.ui.messages(INCIDENTS, as_="U0DANA")
            return any("requests a minute" in str(m) for m in shown if m.get("ephemeral_for"))

        assert await world.see(told)
        assert world.slack.ui.open_view("U0DANA") is None


async def test_a_deleted_request_withdraws_its_card_and_its_requester_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit meanwhile is answered: the card is still about what was asked first."""
    async with a_world(tmp_path, monkeypatch.setenv, signed_http=True) as world:
        thread = await world.ask("checkout is failing")
        await world.card(thread, "proposal.approve")
        await world.slack.ui.edit(ANA, INCIDENTS, thread, "@autopilot never mind")
        await world.text(thread, "was proposed before that")
        await world.slack.ui.delete(ANA, INCIDENTS, thread)
        dm = world.slack.workspace.dm(ANA).id
        await world.see(lambda: "I stopped working on" in str(world.slack.ui.messages(dm, as_=ANA)), 30)
        [task] = await _tasks(world)
        assert (task.state, task.reason) == ("cancelled", "its request was deleted")


async def test_a_missing_scope_is_told_to_admins_once_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        office = world.slack.office
        office.app = replace(office.app, scopes=office.app.scopes - {"assistant:write"})
        for who in (ANA, "U0KIM"):
            await world.slack.ui.home(who, "messages")  # asks for suggested prompts
        await world.text(await world.ask("please write a poem"), "I have no playbook")

        def notes() -> list[str]:
            shown = world.slack.ui.messages("C0OPS", as_=ANA)
            return [str(m["text"]) for m in shown if "was not granted" in str(m["text"])]

        assert "assistant:write" in (await world.see(notes))[0]
        assert len(notes()) == 1


async def test_an_attached_text_file_is_read_as_data_and_of_others_people_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secrets in it are masked; it asks for nothing by itself; without the permission it says that it was not read."""
    brain = ScriptedBrain([[Saying(delta="I looked.")]])
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:

        def told_of(number: int, name: str) -> str:
            said = [one for one in brain.prompts[number].transcript if isinstance(one, UserSaid) and not one.trusted]
            return next(one.text for one in said if one.by == f"file {name}")

        files = {
            "checkout.log": b"17:02 payment failed\npassword=hunter2hunter2 token=xoxb-1234567890-abcdefghijkl",
            "screen.png": b"\x89PNG\r\n",
            "odd.csv": b"\xff\xfe\x00",
        }
        sent = await world.slack.ui.send(ANA, INCIDENTS, "@autopilot what is in this log?", files=files)
        await world.text(str(sent["ts"]), "I looked.")
        note = everything(await world.text(str(sent["ts"]), "I did not read"))
        assert "`screen.png` (I read text files only)" in note and "checkout.log" not in note
        assert "`odd.csv` (it is not UTF-8 text)" in note
        await world.text(str(sent["ts"]), "Looked at what is attached: checkout.log, screen.png, odd.csv")
        assert "payment failed" in told_of(0, "checkout.log") and "xoxb-1234567890" not in told_of(0, "checkout.log")
        [task] = await _tasks(world)
        assert task.text == "what is in this log?"

        office = world.slack.office
        office.app = replace(office.app, scopes=office.app.scopes - {"files:read"})
        sent = await world.slack.ui.send(ANA, INCIDENTS, "@autopilot and now?", files={"checkout.log": b"failed"})
        note = everything(await world.text(str(sent["ts"]), "I did not read"))
        assert "`checkout.log` (I may not read files here" in note
        await world.text(str(sent["ts"]), "I looked.")
        assert "not read" in told_of(1, "checkout.log")
