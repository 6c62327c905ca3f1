"""The demo's story, through the real bolt app over a real WebSocket and a real shop over HTTP."""

from pathlib import Path

import httpx
import pytest

from storage import audit, grants, intents, proposals, tasks
from storage.hashchain import check
from storage.records import TaskState
from tests.scenarios.world import ANA, DANA, INCIDENTS, RILEY, SAM, World, a_world, everything


async def _effects(world: World) -> list[dict[str, object]]:
    async with httpx.AsyncClient(base_url=world.shop_url) as shop:
        found: list[dict[str, object]] = (await shop.get("/demo/effects")).json()["effects"]
        return found


async def test_a_bad_flag_is_found_refused_approved_verified_and_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outsiders and the requester are refused; one approval runs it once; it is seen to help; Undo restores it."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.approve")
        words = everything(card)
        assert "Turn feature flag `new-checkout` off in prod" in words
        assert "about 1,920 of 16,000 customers" in words
        assert "Undo: Turn feature flag `new-checkout` on" in words
        assert await _effects(world) == []

        await world.click(RILEY, card, "proposal.approve")
        await world.text(thread, "You cannot approve this; it needs @operators", who=RILEY)
        await world.click(ANA, card, "proposal.approve")
        await world.text(thread, "you asked for this, so somebody else must approve it", who=ANA)
        assert await _effects(world) == []

        await world.click(DANA, card, "proposal.approve")
        done = await world.card(thread, "proposal.undo", says="Done and verified", seconds=40)
        assert done["ts"] == card["ts"]
        assert [e["operation"] for e in await _effects(world)] == ["setFlag"]
        await world.text(thread, "checkout is well again", seconds=40)
        retries = await world.card(thread, "proposal.approve", says="Limit `checkout.retry`")
        await world.click(DANA, retries, "proposal.approve")
        await world.text(thread, "Retries of checkout are limited", seconds=40)

        await world.click(SAM, done, "proposal.undo")
        await world.text(thread, "Undone by <@U0SAM>", seconds=40)
        await world.see(lambda: "Undone" in everything(next(m for m in world.thread(thread) if m["ts"] == card["ts"])))
        assert sorted(str(e["operation"]) for e in await _effects(world)) == ["setFlag", "setFlag", "setThrottle"]
        async with httpx.AsyncClient(base_url=world.shop_url) as shop:
            flags = {f["name"]: f for f in (await shop.get("/flags")).json()["flags"]}
        assert (flags["new-checkout"]["on"], flags["new-checkout"]["percent"]) == (True, 100)

        async with world.database() as db, db.read() as tx:
            entries = await audit.entries(tx, "T0ACME")
            done_tasks = await tasks.recent(tx, "T0ACME")
            ledger = [i for t in done_tasks for i in await intents.of_task(tx, "T0ACME", t.id) if i.tier != "read"]
        assert check(entries) == []
        assert {t.state for t in done_tasks} == {TaskState.COMPLETED}
        assert sorted(i.approved_by for i in ledger) == [["U0DANA"], ["U0DANA"], ["U0SAM"]]
        assert [e.event for e in entries].count("ops.agent_task.vote_refused") == 2


async def test_a_rejection_reaches_the_bot_and_it_answers_to_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reject asks why; the card shows who and why; the bot answers and nothing ran."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        await world.click(SAM, card, "proposal.reject")
        await world.see(lambda: world.slack.ui.open_view(SAM))
        await world.slack.ui.submit_view(SAM, values={"reject.reason": "launch is on, call Mira first"})
        await world.text(thread, "Understood, not done: “launch is on, call Mira first”")
        await world.see(  # the card may be drawn after the answer
            lambda: any(
                "launch is on, call Mira first" in everything(m) for m in world.thread(thread) if m["ts"] == card["ts"]
            )
        )
        steps = " ".join(everything(message) for message in world.thread(thread))
        assert "Proposed: turn feature flag new-checkout off" in steps, "no green tick beside what has not happened"
        assert "Rejected: turn feature flag new-checkout off" in steps
        assert await _effects(world) == []


async def test_an_edit_is_bounded_makes_a_new_proposal_and_needs_another_pair_of_eyes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of bounds is refused at the field; votes do not carry over; who wrote the values cannot approve them."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        await world.click(DANA, card, "proposal.edit")
        await world.see(lambda: world.slack.ui.open_view(DANA))
        refused = await world.slack.ui.submit_view(DANA, values={"edit.on": "true", "edit.percent": "400"})
        assert "percent" in str(refused), refused
        await world.slack.ui.submit_view(DANA, values={"edit.on": "true", "edit.percent": "10"})
        edited = await world.card(thread, "proposal.approve", says="U0DANA")
        assert edited["ts"] != card["ts"]
        await world.click(DANA, edited, "proposal.approve")
        await world.text(thread, "you changed the values, so somebody else must approve them", who=DANA)
        await world.click(SAM, edited, "proposal.approve")
        await world.card(thread, "proposal.undo", seconds=40)
        assert [e["args"] for e in await _effects(world)] == [{"name": "new-checkout", "on": True, "percent": 10}]
        old = next(m for m in world.thread(thread) if m["ts"] == card["ts"])
        assert "proposal.approve" not in everything(old)


async def test_two_changes_asked_for_together_are_one_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One card lists both, one approval runs both in order, and Undo takes both back, last first."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing, turn off what breaks it and limit the retries")
        card = await world.card(thread, "proposal.approve", says="Plan: 2 changes")
        words = everything(card)
        assert "1. *Turn feature flag `new-checkout` off in prod*" in words and "2. *Limit `checkout.retry`" in words
        assert words.count("*Blast radius*") == 2 and words.count("Undo: ") == 2
        assert not [m for m in world.thread(thread) if "proposal.approve" in everything(m) and m["ts"] != card["ts"]]

        await world.click(DANA, card, "proposal.approve")
        done = await world.card(thread, "proposal.undo", says="Done and verified", seconds=40)
        assert done["ts"] == card["ts"]
        await world.text(thread, "as you asked; the limit ends by itself", seconds=40)
        assert [e["operation"] for e in await _effects(world)] == ["setFlag", "setThrottle"]

        await world.click(SAM, done, "proposal.undo")
        await world.text(thread, "Undone by <@U0SAM>", seconds=40)
        operations = [str(e["operation"]) for e in await _effects(world)]
        assert operations[:2] == ["setFlag", "setThrottle"] and operations[3] == "setFlag" and len(operations) == 4


async def test_a_grant_given_in_slack_is_listed_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked cannot grant it; who could approve it can; it is seen, and taken back, by the slash command."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        await world.card(thread, "proposal.approve")
        async with world.database() as db, db.read() as tx:
            [proposal] = await proposals.open_ones(tx, "T0ACME")

        async def told(who: str, words: str) -> None:
            def look() -> bool:
                return any(words in everything(m) for m in world.slack.ui.messages(INCIDENTS, as_=who))

            await world.see(look)

        command = world.slack.ui.command
        await command(ANA, INCIDENTS, "/autopilot", f"grant {proposal.id[:12]} 2 10")
        await told(ANA, "so you cannot grant it")
        await command(DANA, INCIDENTS, "/autopilot", f"grant {proposal.id[:12]} 2 10")
        await told(DANA, "2 times in 10 min")
        await command(SAM, INCIDENTS, "/autopilot", "grants")
        await told(SAM, "2 of 2 left")
        async with world.database() as db, db.read() as tx:
            [grant] = await grants.standing(tx, "T0ACME")
        await command(SAM, INCIDENTS, "/autopilot", f"revoke {grant.id}")
        await told(SAM, "Revoked.")
        async with world.database() as db, db.read() as tx:
            assert await grants.standing(tx, "T0ACME") == []
