"""The whole story on a Slack that knows no streams, no agents.* methods and no agents' blocks."""

from pathlib import Path

import pytest

from tests.scenarios.world import ANA, DANA, INCIDENTS, a_world, action_ids, everything


async def test_the_checkout_story_is_told_in_posts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are posted and edited, the card works, the thumbs are ordinary buttons; no block is refused."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        world.slack.office.old_slack = True
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.approve", seconds=60)
        await world.click(DANA, card, "proposal.approve")
        await world.card(thread, "proposal.undo", says="Done and verified", seconds=60)
        await world.click(DANA, await world.card(thread, "proposal.approve", seconds=60), "proposal.approve")
        answer = await world.card(thread, "answer.good", seconds=60)
        assert {"answer.bad", "answer.regenerate"} <= action_ids(answer)
        assert "task.stop" not in str(world.thread(thread))
        await world.click(ANA, answer, "answer.good")
        await world.slack.ui.home(ANA, "messages")
        await world.slack.ui.home(ANA, "home")
        assert await world.see(lambda: world.slack.ui.home_view(ANA))
        refused = [e for e in world.slack.log.find(kind="api") if _error(e.answer) in ("invalid_blocks", "no_text")]
        assert not refused, everything({"text": str(refused)})
        sessions = world.slack.log.find(kind="api", name="agents.sessions.setStatus")
        assert len(sessions) <= 2, "a Slack without sessions is not asked again and again"
        assert all(m["channel"] == INCIDENTS for m in world.thread(thread) if "channel" in m)


def _error(answer: object) -> str:
    return str(answer.get("error", "")) if isinstance(answer, dict) else ""
