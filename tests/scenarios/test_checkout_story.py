"""The demo's story, through the real bolt app over a real WebSocket and a real shop over HTTP."""

from pathlib import Path

import httpx
import pytest

from tests.scenarios.world import ANA, DANA, RILEY, a_world, everything


async def test_a_bad_flag_is_found_approved_undone_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask, refuse outsiders and the requester, approve, see it fall, undo: the shop applied each change once."""
    async with a_world(tmp_path, monkeypatch.setenv) as world, httpx.AsyncClient(base_url=world.shop_url) as shop:
        import asyncio
        await asyncio.sleep(8)
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.approve")
        for m in world.thread(thread): print(everything(m)[:3000], "\n----")
        await world.click(RILEY, card, "proposal.approve")
        m = await world.text(thread, "cannot approve", who=RILEY)
        print(m)
        await world.click(ANA, card, "proposal.approve")
        m = await world.text(thread, "cannot approve", who=ANA)
        print(m)
        await world.click(DANA, card, "proposal.approve")
        done = await world.card(thread, "proposal.undo", seconds=40)
        print(everything(done))
        print((await shop.get("/demo/effects")).json())
        await asyncio.sleep(15)
        for m in world.thread(thread): print(everything(m)[:3000], "\n----")
