"""Other ways to reach the bot: direct message, slash command, Home, Stop, and words after a mention."""

from pathlib import Path

import pytest

from storage import channels, tasks
from storage.records import TaskState
from tests.scenarios.world import ANA, DANA, INCIDENTS, KIM, Message, World, a_world, everything


async def test_a_direct_message_is_answered_in_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        dm = world.slack.workspace.dm(ANA).id
        ts = str((await world.slack.ui.send(ANA, dm, "checkout is failing, why?"))["ts"])
        card = await world.card(ts, "proposal.approve", channel=dm)
        assert "new-checkout" in everything(card)


async def test_what_is_asked_in_private_is_approved_in_the_ops_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody but the requester sees a direct message, so the card stands where approvers are, too; both follow."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        dm = world.slack.workspace.dm(ANA).id
        ts = str((await world.slack.ui.send(ANA, dm, "checkout is failing, why?"))["ts"])
        await world.card(ts, "proposal.approve", channel=dm)

        def in_ops(words: str) -> Message | None:
            return next((m for m in world.slack.ui.messages("C0OPS") if words in everything(m)), None)

        card = await world.see(lambda: in_ops("proposal.approve"))
        await world.slack.ui.click(DANA, "C0OPS", card["ts"], "proposal.approve")
        await world.see(lambda: in_ops("Done and verified"), 40)
        await world.card(ts, "proposal.undo", channel=dm, says="Done and verified", seconds=10)


async def test_the_digest_is_posted_to_ops_on_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        await world.card(thread, "proposal.approve")
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "digest")

        def posted() -> str:
            return next((everything(m) for m in world.slack.ui.messages("C0OPS") if "digest" in everything(m)), "")

        words = await world.see(posted)
        assert "1 task started" in words
        assert "1 proposal" in words
        assert "Turn feature flag `new-checkout` off in prod" in words


async def test_stop_after_a_mention_ends_a_parked_task_and_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        await world.slack.ui.send(KIM, INCIDENTS, "@autopilot stop", thread_ts=thread)
        await world.see(
            lambda: "proposal.approve" not in everything(next(m for m in world.thread(thread) if m["ts"] == card["ts"]))
        )
        async with world.database() as db, db.read() as tx:
            [task] = await tasks.recent(tx, "T0ACME")
        assert (task.state, task.reason) == (TaskState.CANCELLED, "stopped by <@U0KIM>")


async def test_the_panel_suggests_what_fits_the_channel_somebody_looks_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        async with world.database() as db, db.write() as tx:
            await channels.put(tx, "T0ACME", "C0DATA", channels.ChannelSettings(agent="database"), by=DANA)
        ui, dm = world.slack.ui, world.slack.workspace.dm(ANA).id

        def offered() -> str:
            return str(world.slack.office.prompts.get(dm))

        await ui.home(ANA, "messages")
        await world.see(lambda: "Checkout is failing" in offered())
        await ui.look_at(ANA, "C0DATA")
        await world.see(lambda: "How is the database?" in offered() and "Checkout" not in offered())
        await ui.look_at(ANA, INCIDENTS)
        await world.see(lambda: "Checkout is failing" in offered())


async def test_home_shows_what_waits_for_this_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a private channel: those in it see what is asked there, others do not."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        where = world.slack.workspace.channels[INCIDENTS]
        where.is_private = True
        where.members.discard(KIM)
        thread = await world.ask("checkout is failing")
        await world.card(thread, "proposal.approve")
        await world.slack.ui.home(DANA, "home")
        shown = await world.see(lambda: world.slack.ui.home_view(DANA))
        assert "Turn feature flag" in str(shown)
        await world.slack.ui.home(KIM, "home")
        other = await world.see(lambda: world.slack.ui.home_view(KIM))
        assert "proposal.approve" not in str(other) and "Nothing else is open." in str(other)
        assert "checkout is failing" not in str(other) and "checkout is failing" in str(shown)
        for area, words in (("growth", "Choose All to see everything"), ("incident", "Turn feature flag")):
            await world.slack.ui.click_in_view(DANA, f"home.area.{area}")
            assert await world.see(lambda said=words: said in str(world.slack.ui.home_view(DANA)))  # type: ignore[misc]


async def test_what_no_playbook_fits_gets_a_helpful_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("please write a poem")
        await world.text(thread, "I have no playbook for that")


def _acked(world: World) -> list[object]:
    found = world.slack.log.find(kind="event", name="app_mention")
    return [entry for entry in found if isinstance(entry.answer, dict) and entry.answer.get("acked")]


async def test_one_mention_delivered_twice_is_one_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack sends it again when an ack got lost; the second delivery changes nothing."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        thread = await world.ask("is checkout failing?")
        await world.text(thread, "looks healthy")
        event_id = next(i for i, d in world.slack.delivery.sent.items() if d["event"]["type"] == "app_mention")
        world.slack.delivery.redeliver(event_id)
        await world.see(lambda: len(_acked(world)) == 2)
        async with world.database() as db, db.read() as tx:
            assert len(await tasks.recent(tx, "T0ACME")) == 1


async def test_a_dry_run_after_a_mention_and_on_a_card_says_how_well_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("dry run: checkout is failing")
        said = everything(await world.text(thread, "previewed with impact analysis"))
        assert "it would ask: 1 of @operators" in said
        assert not any("proposal.approve" in everything(m) for m in world.thread(thread))
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve", says="previewed with impact analysis")
        menu = next(e for b in card["blocks"] for e in b.get("elements", ()) if e.get("type") == "overflow")
        chosen = next(o for o in menu["options"] if o["text"]["text"] == "Dry run now")
        await world.click(DANA, card, "proposal.more", selected_option=chosen)
        tried = await world.text(thread, "Dry run (", who=DANA)
        assert "previewed with impact analysis" in everything(tried) and "is as it was" in everything(tried)
        assert world.shop.world.effects.applied == []
