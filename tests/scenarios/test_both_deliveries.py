"""One walk through everything people do in Slack, once over Socket Mode and once over signed HTTP: no difference."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.brains.base import BrainEvent, Finished, Prompt, Saying, UserSaid
from storage import channels, evaluations, feedback, tasks
from storage.records import Source, TaskState
from tests.scenarios.world import ANA, DANA, INCIDENTS, KIM, SAM, Message, World, a_world, action_ids, everything

LONG = "".join(f"Line {line} of what was found.\n\n" for line in range(300)) + "That is all."


class WalkBrain:
    """Answers with the question; at length when asked for all of it, without end when asked to talk."""

    name = "walk"

    def __init__(self) -> None:
        self.around: dict[str, list[str]] = {}
        """request → what it was told of the thread before"""

    async def think(self, prompt: Prompt) -> AsyncGenerator[BrainEvent, None]:
        asked = [one.text for one in prompt.transcript if isinstance(one, UserSaid) and one.trusted]
        self.around[asked[-1]] = [
            one.text for one in prompt.transcript if isinstance(one, UserSaid) and not one.trusted
        ]
        while "talk" in asked[-1]:
            yield Saying(delta="and on ")
            await asyncio.sleep(0.05)
        yield Saying(delta=LONG if "everything" in asked[-1] else f"You asked: {asked[-1]}.")
        yield Finished()


@pytest.mark.parametrize("signed_http", [False, True])
async def test_everything_people_do_works_over_both_deliveries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed_http: bool
) -> None:
    brain = WalkBrain()
    async with a_world(
        tmp_path, monkeypatch.setenv, fault=None, brain=brain, signed_http=signed_http, requests_per_minute=60
    ) as world:
        assert bool(world.slack.sockets.connections) is not signed_http
        ui = world.slack.ui
        thread = await world.ask("one")
        answer = await world.card(thread, "answer.regenerate")
        await _asks_again_and_judges(world, thread, answer)

        dm = world.slack.workspace.dm(KIM).id
        direct = str((await ui.send(KIM, dm, "two"))["ts"])
        await world.text(direct, "You asked: two", channel=dm, who=KIM)

        said = await ui.send(KIM, INCIDENTS, "customers complain")
        talked = str((await ui.send(KIM, INCIDENTS, "payments look odd"))["ts"])
        await ui.send(SAM, INCIDENTS, "since noon", thread_ts=talked)  # nobody spoke to it: it says nothing
        await ui.send(ANA, INCIDENTS, "@autopilot and now?", thread_ts=talked)
        await world.text(talked, "You asked: and now?")
        assert brain.around["and now?"] == ["payments look odd", "since noon"], "the whole thread is context"
        assert brain.around["one"] == [], "a fresh mention starts fresh"
        assert await ui.shortcut(ANA, "message.ask_about", INCIDENTS, said["ts"]) == {"ok": True}
        await world.text(str(said["ts"]), "You asked: What about this message")

        assert await ui.command(ANA, INCIDENTS, "/autopilot", "ask three") == {"ok": True}
        await world.see(lambda: any("asks: three" in str(m.get("text")) for m in ui.messages(INCIDENTS)))

        await ui.react(KIM, INCIDENTS, thread, "test_tube")
        assert await ui.command(DANA, INCIDENTS, "/autopilot", "settings") == {"ok": True}
        await world.see(lambda: ui.open_view(DANA))
        assert "Saved" in str((await ui.submit_view(DANA, values={"settings.per_minute": "50"}))["view"])

        await ui.home(SAM)
        await world.see(lambda: "Agents and what they do" in str(ui.home_view(SAM)))
        await ui.click_in_view(SAM, "home.area.growth")
        await world.see(lambda: "Nothing about growth waits" in str(ui.home_view(SAM)))

        long = await world.ask("everything")
        await world.click(KIM, await world.card(long, "answer.more"), "answer.more")
        await world.text(long, "That is all.")

        talk = await world.ask("talk")
        await world.text(talk, "and on and on")
        await ui.stop(ANA, INCIDENTS, talk)
        await world.see(lambda: not any(m.get("streaming") for m in world.thread(talk)))
        await _is_on_disk(world)


async def _asks_again_and_judges(world: World, thread: str, answer: Message) -> None:
    block = next(b for b in answer["blocks"] if b["type"] == "context_actions")
    action = {"type": "feedback_buttons", "action_id": "answer.feedback"} | block["elements"][0]["negative_button"]
    pressed = await world.slack.ui.action(KIM, action, block["block_id"], channel=INCIDENTS, message_ts=answer["ts"])
    assert pressed == {"ok": True}
    await world.click(ANA, answer, "answer.regenerate")
    await world.text(thread, "Replaced by the answer below")
    assert await world.see(
        lambda: any(m["ts"] != answer["ts"] and "answer.regenerate" in action_ids(m) for m in world.thread(thread))
    )
    assert "You asked: one" in everything(answer)


async def _is_on_disk(world: World) -> None:
    async with world.database() as db:
        async with asyncio.timeout(30):
            while True:
                async with db.read() as tx:
                    found = await tasks.recent(tx, "T0ACME")
                    kept = await evaluations.newest(tx, tenant="T0ACME")
                stopped = next(one for one in found if one.text == "talk")
                if stopped.state is TaskState.CANCELLED and any(case.kind == "kept" for case in kept):
                    break
                await asyncio.sleep(0.05)
        async with db.read() as tx:
            assert (await channels.in_force(tx, "T0ACME", INCIDENTS)).per_minute == 50
            judged = [one for task in found for one in await feedback.of_task(tx, task)]
    assert len(judged) == 1
    sources = {task.source for task in found}
    assert {Source.MENTION, Source.DM, Source.COMMAND} <= sources
    assert not [task for task in found if "since noon" in task.text]
