"""One walk through everything people do in Slack, once over Socket Mode and once over signed HTTP: no difference."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from bot.agent import definition
from bot.agent.definition import DataPolicy
from bot.brains.base import BrainEvent, Finished, Prompt, Saying, UserSaid
from storage import channels, evaluations, feedback, tasks
from storage.records import Source, TaskState
from tests.scenarios.world import ANA, DANA, INCIDENTS, KIM, SAM, Message, World, a_world, action_ids, everything

SECRET = "alert-secret"
CLOUD = DataPolicy(kind="cloud", provider="anthropic", region="eu")
WORDS = {
    "help": "What I can do for you",
    "status": "cloud: anthropic, eu",
    "tasks": "Open tasks",
    "approvals": "Nothing waits",
    "grants": "No grant stands",
    "digest": "The digest is being posted to",
    "consent": "cloud: anthropic, eu",
    "schedules": "Daily digest",
    "frobnicate": "I do not know the word `frobnicate`",
}
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
        tmp_path,
        monkeypatch.setenv,
        fault=None,
        brain=brain,
        agent=definition.load().model_copy(update={"data_policy": CLOUD}),
        signed_http=signed_http,
        requests_per_minute=60,
        alert_secret=SECRET,
    ) as world:
        assert bool(world.slack.sockets.connections) is not signed_http
        ui = world.slack.ui
        thread = await world.ask("one")
        await _agrees(world, ANA, thread)
        answer = await world.card(thread, "answer.regenerate")
        await _asks_again_and_judges(world, thread, answer)

        dm = world.slack.workspace.dm(KIM).id
        direct = str((await ui.send(KIM, dm, "two"))["ts"])
        await _agrees(world, KIM, direct, channel=dm)
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
        wanted = {"settings.per_minute": "50", "settings.mode": "bots", "settings.words": "firing"}
        assert "means" in str((await ui.submit_view(DANA, values=wanted))["view"]), "it speaks unasked then"
        assert "Saved" in str((await ui.submit_view(DANA))["view"])
        await _speaks_up(world)
        await _answers_words(world)

        await ui.home(SAM)
        await world.see(lambda: "Agents and what they do" in str(ui.home_view(SAM)))
        await ui.click_in_view(SAM, "home.area.growth")
        await world.see(lambda: "Nothing about growth waits" in str(ui.home_view(SAM)))

        long = await world.ask("everything")
        await world.click(KIM, await world.card(long, "answer.more"), "answer.more")
        await world.text(long, "That is all.")

        for native in (False, True):
            talk = await world.ask("talk")
            await world.text(talk, "and on and on")
            if native:
                await ui.stop(ANA, INCIDENTS, talk)
            else:
                await ui.send(ANA, INCIDENTS, "@autopilot stop", thread_ts=talk)
            await world.text(talk, "Stopped by <@U0ANA>.")
            await world.see(lambda thread=talk: not any(m.get("streaming") for m in world.thread(thread)))  # type: ignore[misc]
        await _is_on_disk(world)


async def _agrees(world: World, who: str, thread: str, channel: str = INCIDENTS) -> None:
    """Once, before anything of theirs is sent to a provider."""

    def asked() -> Message | None:
        shown = world.slack.ui.messages(channel, as_=who, thread_ts=thread)
        return next((m for m in shown if m.get("ephemeral_for") and "consent.yes" in action_ids(m)), None)

    await world.slack.ui.click(who, channel, str((await world.see(asked))["ts"]), "consent.yes")


async def _speaks_up(world: World) -> None:
    """Where admins want it, what another app posts is looked into; so is what a monitoring system sends."""
    posted = str((await world.slack.ui.post_as_app(INCIDENTS, "FIRING: the disk is full"))["ts"])
    await world.text(posted, "You asked: ")
    alert = {"status": "firing", "title": "queue is stuck", "text": "900 jobs"}
    url = f"{world.config.console}/alerts/json/{INCIDENTS}"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(url, json=alert, headers={"authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 202, answer.text
    ui = world.slack.ui
    root = await world.see(lambda: next((m for m in ui.messages(INCIDENTS) if "queue is stuck" in everything(m)), None))
    await world.text(str(root["ts"]), "You asked: ")


async def _answers_words(world: World) -> None:
    ui = world.slack.ui
    for word, said in WORDS.items():
        assert await ui.command(ANA, INCIDENTS, "/autopilot", word) == {"ok": True}

        def told(said: str = said) -> bool:
            shown = [everything(m) for m in ui.messages(INCIDENTS, as_=ANA) if m.get("ephemeral_for")]
            return any(said in one for one in shown)

        assert await world.see(told), word
    await ui.home(KIM, "messages")
    dm = world.slack.workspace.dm(KIM).id
    assert await world.see(lambda: world.slack.office.prompts.get(dm)), "the panel suggests something"


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
