"""Standing grants where people are: given from the menu of a card, listed on Home, taken back there."""

from functools import partial
from pathlib import Path

import pytest

from storage import grants
from storage.grants import Grant
from tests.scenarios.world import ANA, DANA, INCIDENTS, KIM, World, a_world


async def _standing(world: World) -> list[Grant]:
    async with world.database() as db, db.read() as tx:
        return await grants.standing(tx, "T0ACME")


def _offers_revoke(world: World, who: str) -> bool:
    return "grant.revoke" in str(world.slack.ui.home_view(who))


async def test_a_grant_from_the_menu_to_home_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        ui = world.slack.ui
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.more")
        menu = next(e for b in card["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "proposal.more")
        entry = next(option for option in menu["options"] if option["text"]["text"] == "Allow again for 30 minutes …")

        async def open_modal(who: str) -> str:
            await ui.click(who, INCIDENTS, card["ts"], "proposal.more", selected_option=entry)
            view = await world.see(lambda: ui.open_view(who))
            assert view["callback_id"] == "proposal.grant"
            return str(view["id"])

        async def send(who: str, minutes: str, times: str) -> dict[str, object]:
            values = {"grant.minutes": minutes, "grant.times": times}
            return dict(await ui.submit_view(who, await open_modal(who), values))

        assert "cannot grant it" in str(await send(ANA, "10", "2")), "who asked for it gives no grant for it"
        await send(DANA, "10", "2")
        [grant] = await _standing(world)
        assert (grant.granter, grant.requester, grant.most) == (DANA, ANA, 2)
        assert 0 < grant.expires_at - grant.created_at <= 601

        for who in (DANA, KIM):
            await ui.home(who, "home")
            await world.see(partial(_offers_revoke, world, who))
        assert "2 of 2 left" in str(ui.home_view(KIM))
        await ui.click_in_view(KIM, "grant.revoke")
        assert "only somebody of" in str(await world.see(lambda: ui.open_view(KIM))).lower()
        assert len(await _standing(world)) == 1, "an outsider sees it and cannot take it back"
        while ui.open_view(DANA):
            await ui.close_view(DANA)
        await ui.click_in_view(DANA, "grant.revoke")
        await world.see(lambda: "grant.revoke" not in str(ui.home_view(DANA)))
        assert await _standing(world) == []
