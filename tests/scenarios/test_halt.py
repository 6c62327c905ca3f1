"""The kill switch as people meet it: the command, the card that waits, the lift, and the run after it."""

from pathlib import Path

import pytest

from tests.scenarios.world import DANA, INCIDENTS, KIM, World, a_world, everything


async def _whispered(world: World, who: str, words: str) -> None:
    await world.see(lambda: any(words in everything(m) for m in world.slack.ui.messages(INCIDENTS, as_=who)))


async def test_an_approved_call_waits_on_its_card_and_runs_after_the_lift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        thread = await world.ask("checkout is failing")
        await world.card(thread, "proposal.approve")
        before = len(world.shop.world.effects.applied)
        await world.slack.ui.command(KIM, INCIDENTS, "/autopilot", "halt I am bored")
        await _whispered(world, KIM, "You cannot halt")
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "halt")
        await _whispered(world, DANA, "Say why")
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "halt *deploys* have gone <!channel> mad")
        card = await world.card(thread, "proposal.approve", says="votes count, nothing runs before the lift")
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "Approved, but halted by")
        [shown] = [m for m in world.thread(thread) if "Approved, but" in everything(m)]
        assert "<!channel>" not in everything(shown)
        await world.stop_bot()
        await world.start_bot()
        assert len(world.shop.world.effects.applied) == before
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "status")
        await _whispered(world, DANA, "nothing is changed until it is lifted")
        assert len(world.shop.world.effects.applied) == before
        await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "lift found it")
        await world.text(thread, "Done and verified", seconds=40)
        assert len(world.shop.world.effects.applied) == before + 1
