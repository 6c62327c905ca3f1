"""Every approval card in one channel as well, when operators want that; no copy of it stays behind."""

from pathlib import Path

import pytest

from bot.settings import read
from tests.scenarios.world import DANA, a_world, action_ids, everything


async def test_a_card_is_in_the_ops_channel_too_and_both_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Approved in the thread, the copy loses its buttons within five seconds of that; and the other way round."""
    assert not read(home=tmp_path).every_card_to_ops, "nobody gets cards they did not ask for"
    async with a_world(tmp_path, monkeypatch.setenv, every_card_to_ops=True) as world:
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.approve")

        def copy() -> list[str]:
            """What the copy offers; [] while it is not there."""
            shown = world.slack.ui.messages("C0OPS", as_=DANA)
            return [str(action_ids(m)) + everything(m) for m in shown if "new-checkout" in everything(m)]

        [offered] = await world.see(copy)
        assert "proposal.approve" in offered
        await world.click(DANA, card, "proposal.approve")

        def said(words: str) -> bool:
            both = [everything(m) for m in world.thread(thread) if m["ts"] == card["ts"]] + copy()
            return len(both) == 2 and all(words in one for one in both)

        await world.see(lambda: "proposal.approve" not in everything(world.thread(thread)[1]) and not _asks(copy()), 5)
        await world.see(lambda: said("proposal.undo"), 40)


def _asks(copies: list[str]) -> bool:
    return any("proposal.approve" in one for one in copies)
