"""Slack takes connections back, and operators stop processes: nothing people pressed or read is lost by either."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.demo.slack.wire import Json
from storage import audit, tasks
from storage.records import TaskState
from tests.scenarios.talking import TalkingBrain
from tests.scenarios.world import BOT, INCIDENTS, KIM, World, a_world

MOST_SECONDS_TO_END = 20.0


async def test_no_click_is_lost_while_slack_takes_connections_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process holds two: while one is renewed, clicks go to the other. A warning alone ends nothing."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        assert await world.see(lambda: _open(world) == 2, 30)
        thread = await world.ask("is checkout failing?")
        answer = await world.card(thread, "answer.feedback", seconds=60)
        block = next(b for b in answer["blocks"] if b["type"] == "context_actions")
        action = {"type": "feedback_buttons", "action_id": "answer.feedback"} | block["elements"][0]["positive_button"]

        async def press() -> Json:
            ui = world.slack.ui
            return await ui.action(KIM, action, block["block_id"], channel=INCIDENTS, message_ts=answer["ts"])

        for round_ in range(6):
            pressed = [asyncio.create_task(press()) for _ in range(2)]
            await asyncio.sleep(0)  # these are on their way
            if round_ % 2:
                await world.slack.sockets.disconnect("warning", only_one=True)
                pressed.append(asyncio.create_task(press()))
            await world.slack.sockets.disconnect(only_one=True)
            pressed.append(asyncio.create_task(press()))
            assert [answer["ok"] for answer in await asyncio.gather(*pressed)] == [True] * len(pressed), round_
            assert await world.see(lambda: _open(world) == 2, 30)
        async with world.database() as db, db.read() as tx:
            told = [e for e in await audit.entries(tx, "T0ACME") if e.event == "ops.feedback.given"]
        assert len(told) == 21


@pytest.mark.long  # a worker may drain for fifteen seconds
async def test_a_stop_in_mid_answer_ends_in_time_closes_the_stream_and_the_next_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM: what runs is finished or given back, no message looks as if it were still written."""
    brain = TalkingBrain()
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, brain=brain) as world:
        thread = await world.ask("tell me everything")
        await world.text(thread, "word2 ", seconds=40)
        began = time.monotonic()
        await world.stop_bot()
        assert time.monotonic() - began <= MOST_SECONDS_TO_END
        assert not _streaming(world, thread)
        async with world.database() as db, db.read() as tx:
            [task] = await tasks.recent(tx, "T0ACME")
        assert task.state in (TaskState.QUEUED, TaskState.RUNNING)
        said = brain.words
        await world.start_bot()
        await world.see(lambda: brain.words > said + 5 and _streaming(world, thread), 40)
        await world.slack.ui.send(KIM, INCIDENTS, "@autopilot stop", thread_ts=thread)
        await world.see(lambda: not _streaming(world, thread), 30)


def _open(world: World) -> int:
    """Connections that Slack still sends to."""
    return sum(not connection.retiring for connection in world.slack.sockets.connections)


def _streaming(world: World, thread: str) -> bool:
    return any(m.get("streaming") for m in world.thread(thread) if m.get("user") == BOT)
