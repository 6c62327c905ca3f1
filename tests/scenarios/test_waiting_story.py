"""Waiting, through the real bolt app and a real WebSocket: reminders, direct messages, and cards that agree."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.demo.slack.faults import FaultKind
from tests.scenarios.world import (
    ANA,
    DANA,
    INCIDENTS,
    KIM,
    NOOR,
    RILEY,
    SAM,
    Message,
    World,
    a_world,
    action_ids,
    everything,
)

ASK = "checkout is failing, what is going on?"
SOON = """
lines:
  - remind: [0.5s]
    escalate: [{after: 1s, to: support}]
"""
QUICK_END = """
lines:
  - expires: 4s
"""
CALM = "lines: []"


def waiting(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "waiting.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def direct(world: World, who: str, look: Callable[[Message], bool]) -> Message | None:
    """The newest direct message of the bot to somebody that looks so."""
    channel = world.slack.office.workspace.dm(who).id
    return next((m for m in reversed(world.slack.ui.messages(channel, as_=who)) if look(m)), None)


async def press(world: World, who: str, message: Message, action_id: str) -> None:
    """A press in one's own direct message with the bot."""
    channel = world.slack.office.workspace.dm(who).id
    await world.slack.ui.click(who, channel, str(message["ts"]), action_id)


def card_in_dm(world: World, who: str) -> Message | None:
    return direct(world, who, lambda m: "proposal.buttons" in str(m.get("blocks", "")))


async def test_a_reminder_brings_the_card_to_those_who_may_and_every_copy_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dana decides in her direct message; the thread's card, Sam's and Kim's show it within 5 s, without buttons."""
    async with a_world(tmp_path, monkeypatch.setenv, waiting_file=waiting(tmp_path, SOON)) as world:
        thread = await world.ask(ASK)
        await world.card(thread, "proposal.approve")
        await world.text(thread, "so @support is asked now: <@U0KIM>")
        everybody = (DANA, SAM, NOOR, KIM)
        await world.see(lambda: all(card_in_dm(world, who) for who in everybody))
        assert card_in_dm(world, ANA) is None  # she asked for it
        kims = card_in_dm(world, KIM)
        assert kims is not None and "find one of those it needs" in everything(kims)
        danas = card_in_dm(world, DANA)
        assert danas is not None and "You are asked because you are in @operators" in everything(danas)

        stale = card_in_dm(world, SAM)
        assert stale is not None
        await press(world, DANA, danas, "proposal.approve")

        def decided() -> bool:
            shown = [card_in_dm(world, who) for who in everybody]
            return all(m is not None and "proposal.approve" not in action_ids(m) for m in shown)

        await world.see(decided, 5)
        await world.card(thread, "proposal.undo", says="Done and verified", seconds=40)
        await world.see(lambda: "Done and verified" in everything(card_in_dm(world, SAM) or {}), 5)


async def test_nobody_answered_ends_it_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card says so, the thread says so, and nothing ran."""
    async with a_world(tmp_path, monkeypatch.setenv, waiting_file=waiting(tmp_path, QUICK_END)) as world:
        thread = await world.ask(ASK)
        card = await world.card(thread, "proposal.approve")
        await world.text(thread, "Nobody answered in time, so nothing was changed")
        ended = next(m for m in world.thread(thread) if m["ts"] == card["ts"])
        assert "Expired" in everything(ended) and "proposal.approve" not in action_ids(ended)


async def test_a_card_is_handed_over_by_button_and_by_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only to somebody who may approve; the named person gets the card and decides there."""
    async with a_world(tmp_path, monkeypatch.setenv, waiting_file=waiting(tmp_path, CALM)) as world:
        thread = await world.ask(ASK)
        card = await world.card(thread, "proposal.approve")
        await _choose(world, DANA, card, "Hand over …")
        await world.see(lambda: world.slack.ui.open_view(DANA))
        refused = await world.slack.ui.submit_view(DANA, values={"handover.person": RILEY})
        assert "Riley Chen cannot approve this; it needs @operators" in str(refused), refused
        await world.slack.ui.submit_view(DANA, values={"handover.person": SAM})
        await world.text(thread, "<@U0DANA> hands this to <@U0SAM>.")
        await world.see(lambda: "hands this to you" in everything(card_in_dm(world, SAM) or {}))
        await world.card(thread, "proposal.approve", says="handed to <@U0SAM> by <@U0DANA>")

        await world.slack.ui.send(RILEY, INCIDENTS, "@autopilot hand to @noor", thread_ts=thread)
        await world.text(thread, "Only somebody who may approve this can hand it over", who=RILEY)
        await world.slack.ui.send(SAM, INCIDENTS, "@autopilot hand to @noor", thread_ts=thread)
        await world.text(thread, "<@U0SAM> hands this to <@U0NOOR>.")
        found = await world.see(lambda: card_in_dm(world, NOOR))
        await press(world, NOOR, found, "proposal.approve")
        await world.card(thread, "proposal.undo", says="Done and verified", seconds=40)
        assert card_in_dm(world, DANA) is None


async def _choose(world: World, who: str, card: Message, entry: str) -> None:
    """An entry of the card's More menu."""
    menu = next(e for b in card["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "proposal.more")
    option = next(o for o in menu["options"] if o["text"]["text"] == entry)
    await world.click(who, card, "proposal.more", selected_option=option)


async def test_a_press_on_a_copy_that_is_behind_is_refused_and_the_copy_redrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack takes no updates for a while, so Sam's copy still has its buttons after Dana decided in the channel."""
    soon = waiting(tmp_path, "lines: [{dm: at_once, remind: [1h]}]")
    async with a_world(tmp_path, monkeypatch.setenv, waiting_file=soon) as world:
        thread = await world.ask(ASK)
        card = await world.card(thread, "proposal.approve")
        sams = await world.see(lambda: card_in_dm(world, SAM))
        world.slack.faults.add(FaultKind.ERROR, "chat.update", status=500)
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "checkout is well again", seconds=40)
        assert direct(world, SAM, lambda m: m["ts"] == sams["ts"] and "proposal.approve" in action_ids(m))
        await press(world, SAM, sams, "proposal.approve")
        await world.see(lambda: direct(world, SAM, lambda m: "It was approved and has already run" in everything(m)))
        world.slack.faults.clear()
        await press(world, SAM, sams, "proposal.reject")

        def redrawn(m: Message) -> bool:
            # by its ts: the answer goes on, and its next proposal puts a newer card below this one
            return m["ts"] == sams["ts"] and "Done and verified" in everything(m)

        await world.see(lambda: direct(world, SAM, redrawn), 40)
        assert world.slack.ui.open_view(SAM) is None


async def test_home_decides_and_follows_what_others_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approve, Reject and Undo stand on Home; every change is there within 5 s; and who may not approve sees none."""
    async with a_world(tmp_path, monkeypatch.setenv, waiting_file=waiting(tmp_path, CALM)) as world:
        ui = world.slack.ui
        for who in (DANA, SAM, RILEY):
            await ui.home(who)
        await world.see(lambda: all("Nothing waits for you" in str(ui.home_view(who)) for who in (DANA, SAM, RILEY)))
        thread = await world.ask(ASK)
        await world.card(thread, "proposal.approve")
        await world.see(lambda: "1 waiting for you" in str(ui.home_view(DANA)), 5)
        await world.see(lambda: "/archives/C0INCIDENTS/p" in str(ui.home_view(DANA)), 5)
        await world.see(lambda: "Approve: set flag" in str(ui.home_view(SAM)), 5)
        assert "1 waiting" not in str(ui.home_view(RILEY))
        await ui.click_in_view(DANA, "proposal.reject")
        await world.see(lambda: ui.open_view(DANA))
        await ui.submit_view(DANA, values={"reject.reason": "not during the launch"})
        await world.see(lambda: "Nothing waits for you" in str(ui.home_view(SAM)), 5)
        await world.see(lambda: "rejected" in str(ui.home_view(RILEY)), 5)

        again = await world.ask(ASK)
        await world.card(again, "proposal.approve")
        await world.see(lambda: "1 waiting for you" in str(ui.home_view(SAM)), 5)
        await ui.click_in_view(SAM, "proposal.approve")
        await world.card(again, "proposal.undo", says="Done and verified", seconds=40)
        await world.see(lambda: "Nothing waits for you" in str(ui.home_view(DANA)), 5)

        assert await world.see(lambda: "proposal.undo" in str(ui.home_view(SAM)))
        await ui.click_in_view(SAM, "proposal.undo")
        await world.text(again, "Undone by <@U0SAM>", seconds=40)
        await world.see(lambda: "\nundone" in str(ui.home_view(DANA)).replace("\\n", "\n"))
        await world.see(lambda: "proposal.undo" not in str(ui.home_view(SAM)))
