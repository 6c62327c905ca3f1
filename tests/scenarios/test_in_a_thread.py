"""What people live with in a thread: Stop, Regenerate, thumbs, and what Slack says of the work."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.brains.base import Saying
from bot.brains.scripted import ScriptedBrain
from bot.demo.slack.faults import FaultKind
from bot.orchestrator.core import Orchestrator
from storage import audit, feedback, tasks
from storage.records import Task, TaskState
from tests.scenarios.talking import TalkingBrain
from tests.scenarios.world import ANA, BOT, INCIDENTS, KIM, NOOR, Message, World, a_world, action_ids, everything

MOST_SECONDS_TO_STOP = 2.0


async def _tasks(world: World) -> list[Task]:
    async with world.database() as db, db.read() as tx:
        return await tasks.recent(tx, "T0ACME")


def _answers(world: World, thread: str, words: str) -> list[Message]:
    return [m for m in world.thread(thread) if m.get("user") == BOT and words in everything(m)]


async def _status(world: World, thread: str, wanted: str) -> None:
    def now() -> bool:
        session = world.slack.office.sessions.get((INCIDENTS, thread))
        return session is not None and session.status == wanted

    assert await world.see(now, 30), wanted


async def test_an_answer_is_judged_and_asked_again_and_the_earlier_one_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last thumb of a person counts; the asker's words are asked again as hers, others' as their own request."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        world.slack.faults.add(FaultKind.DROP_AFTER, "chat.startStream", nth=1)  # a stream nobody heard of
        thread = await world.ask("is checkout failing?")
        first = await world.card(thread, "answer.regenerate")
        await world.see(lambda: len(_answers(world, thread, "")) == 1)  # nothing empty is left beside the answer
        block = next(b for b in first["blocks"] if b["type"] == "context_actions")
        for side in ("positive_button", "negative_button"):
            action = {"type": "feedback_buttons", "action_id": "answer.feedback"} | block["elements"][0][side]
            await world.slack.ui.action(KIM, action, block["block_id"], channel=INCIDENTS, message_ts=first["ts"])
        world.slack.workspace.channels[INCIDENTS].members.discard(NOOR)
        await world.click(NOOR, first, "answer.regenerate")  # not of this channel: nothing comes of it
        await world.click(ANA, first, "answer.regenerate")
        await world.text(thread, "Replaced by the answer below")
        await world.see(lambda: len([m for m in world.thread(thread) if "answer.regenerate" in action_ids(m)]) == 1)
        old, new = _answers(world, thread, "looks healthy")
        assert old["ts"] == first["ts"]
        await world.click(KIM, new, "answer.regenerate")
        await world.see(lambda: len(_answers(world, thread, "Replaced by the answer below")) == 2)
        newest, second, original = await _tasks(world)
        assert (second.requester, second.text) == (ANA, original.text)
        assert (newest.requester, newest.text) == (KIM, f"Look into this again: {second.title}")
        async with world.database() as db, db.read() as tx:
            kept = await feedback.of_task(tx, original)
            told = [e for e in await audit.entries(tx, "T0ACME") if e.event == "ops.feedback.given"]
        assert [(one.person, one.said) for one in kept] == [(KIM, "bad")]
        assert [e.task_id for e in told] == [original.id, original.id]


async def test_a_parked_approval_shows_as_suspended_also_after_a_restart_and_ends_when_its_card_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        await _status(world, thread, "suspended")
        await world.stop_bot()
        await world.start_bot()
        await _status(world, thread, "suspended")
        menu = next(e for b in card["blocks"] for e in b.get("elements", ()) if e.get("type") == "overflow")
        chosen = next(o for o in menu["options"] if o["text"]["text"] == "Stop this task")
        await world.click(KIM, card, "proposal.more", selected_option=chosen)
        await _status(world, thread, "active")
        [task] = await _tasks(world)
        assert (task.state, task.reason) == (TaskState.CANCELLED, "stopped by <@U0KIM>")


async def test_a_stop_that_broke_off_is_carried_out_when_slack_sends_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noted before it was done, it would be taken for done by the second delivery."""
    real, calls = Orchestrator.stop_thread, []

    async def breaks_once(self: Orchestrator, *args: str) -> bool:
        calls.append(args)
        if len(calls) == 1:
            raise RuntimeError("the worker dies here")
        return await real(self, *args)

    monkeypatch.setattr(Orchestrator, "stop_thread", breaks_once)
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        await world.card(thread, "proposal.approve")
        await world.slack.ui.send(KIM, INCIDENTS, "@autopilot stop", thread_ts=thread)
        await world.text(thread, "stopped by")
    assert len(calls) == 2


async def test_stop_ends_a_running_answer_within_two_seconds_and_keeps_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's own Stop, the word after a mention, and, where Slack does not stream, a button below the answer."""
    brain = TalkingBrain()
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:
        for way in ("native", "word", "button"):
            world.slack.office.old_slack = way == "button"
            thread = await world.ask("tell me everything")
            shown = await world.text(thread, f"{brain.words + 2} ", seconds=40)
            if way == "button":
                shown = await world.card(thread, "task.stop")
            else:
                await _status(world, thread, "processing")
            pressed = time.monotonic()
            if way == "native":
                await world.slack.ui.stop(KIM, INCIDENTS, thread)
            elif way == "word":
                await world.slack.ui.send(KIM, INCIDENTS, "@autopilot stop", thread_ts=thread)
            else:
                await world.click(KIM, shown, "task.stop")
            words = await _when_cancelled(world, brain)
            took = time.monotonic() - pressed
            assert took <= MOST_SECONDS_TO_STOP, f"{way}: {took:.1f} s"
            await _written_out(world, thread)
            await world.text(thread, "Stopped by <@U0KIM>.")
            assert "word" in everything(next(m for m in world.thread(thread) if m["ts"] == shown["ts"]))
            assert words == brain.words, "it went on talking"
            if way != "button":
                await _status(world, thread, "active")


async def _when_cancelled(world: World, brain: TalkingBrain) -> int:
    """How many words were said when the newest task was cancelled."""
    async with world.database() as db, asyncio.timeout(30):
        while True:
            async with db.read() as tx:
                newest, *_ = await tasks.recent(tx, "T0ACME")
            if newest.state is TaskState.CANCELLED:
                return brain.words
            await asyncio.sleep(0.05)


async def _written_out(world: World, thread: str) -> None:
    def over() -> bool:
        return not any(m.get("streaming") or "task.stop" in action_ids(m) for m in world.thread(thread))

    assert await world.see(over, 30)


def _has_no_more(message: Message, first: Message) -> bool:
    return bool(message["ts"] == first["ts"] and "answer.more" not in action_ids(message))


@pytest.mark.parametrize("old_slack", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_a_long_answer_is_short_until_somebody_wants_more_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old_slack: bool
) -> None:
    text = "".join(f"Line {line} of what was found.\n\n" for line in range(500)) + "That is all."
    brain = ScriptedBrain([[Saying(delta=text)]])
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:
        world.slack.office.old_slack = old_slack
        thread = await world.ask("tell me everything")
        first = await world.card(thread, "answer.more")
        assert "Line 141 of" in everything(first) and "Line 200 of" not in everything(first)
        below = action_ids(first) - {"answer.more"}
        await world.stop_bot()
        await world.start_bot()
        await world.click(KIM, first, "answer.more")
        second = await world.card(thread, "answer.more", says="Line 200")
        await world.click(ANA, second, "answer.more")
        await world.text(thread, "That is all.")
        shown = "".join(everything(m) for m in _answers(world, thread, "of what was found"))
        assert all(f"Line {line} of" in shown for line in range(500))
        whole = await world.see(lambda: next((m for m in world.thread(thread) if _has_no_more(m, first)), None))
        assert action_ids(whole) == below and "Line 141 of" in everything(whole), "its other buttons stay"
        assert await world.see(lambda: "answer.more" not in action_ids(_answers(world, thread, "Line 200")[0]))
