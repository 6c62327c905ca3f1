"""Who may approve, asked at the press: on-call people of rotas and services, through the real bot."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from bot.demo.shop.faults import Story
from tests.people.conftest import OnCallServer, on_call_server
from tests.scenarios.world import ANA, DANA, KIM, NOOR, SAM, a_world, everything


@pytest.fixture
async def server() -> AsyncIterator[OnCallServer]:
    async with on_call_server() as found:
        yield found


async def test_whoever_is_on_shift_approves_and_after_the_handover_no_longer_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 of sre AND 2 of sre-leads, one lead by a rota: Noor until nine, then Kim until midnight."""
    now = [dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.UTC)]
    (tmp_path / "rota.yaml").write_text(
        "time_zone: UTC\n"
        "weekly:\n"
        "  - {who: noor@acme.example, from: '00:00', to: '09:00'}\n"
        "  - {who: U0KIM, from: '09:00', to: '00:00'}\n"
    )
    groups = tmp_path / "groups.yaml"
    groups.write_text(
        "sources: {oncall: {rota: rota.yaml}, lead: {list: [U0SAM]}}\ngroups: {sre-leads: {any_of: [oncall, lead]}}\n"
    )
    fault = Story.STUCK_CONSUMER
    async with a_world(
        tmp_path / "home", monkeypatch.setenv, fault=fault, groups_file=groups, duty_clock=lambda: now[0]
    ) as world:
        thread = await world.ask("the analytics pipeline is lagging, why?")
        card = await world.card(thread, "proposal.approve", says="cannot be undone")
        await world.click(DANA, card, "proposal.approve")  # @sre is Slack's; @sre-leads are no longer
        await world.text(thread, "still needs 2 of @sre-leads", who=DANA)
        await world.click(SAM, card, "proposal.approve")
        await world.text(thread, "still needs 1 of @sre-leads", who=SAM)
        now[0] += dt.timedelta(minutes=31)
        await world.click(KIM, card, "proposal.approve")
        await world.card(thread, "proposal.approve", says="*Backfill", seconds=60)

        second = await world.card(thread, "proposal.approve", says="*Backfill")
        await world.click(DANA, second, "proposal.approve")
        await world.click(NOOR, second, "proposal.approve")
        await world.text(thread, "still needs 2 of @sre-leads", who=NOOR)
        await world.click(SAM, second, "proposal.approve")
        await world.text(thread, "still needs 1 of @sre-leads", who=SAM)
        now[0] += dt.timedelta(hours=15)  # past midnight: Noor again
        await world.click(KIM, second, "proposal.approve")
        await world.text(thread, "You cannot approve this", who=KIM)
        await world.click(NOOR, second, "proposal.approve")
        await world.text(thread, "Analytics has all orders again", seconds=60)


async def test_a_silent_service_is_told_to_who_pressed_and_the_press_counts_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: OnCallServer
) -> None:
    monkeypatch.setenv("PD_TOKEN", "made-up")
    monkeypatch.setattr("bot.people.fresh.DOWN", 0.0)  # else a failure is remembered for a second
    groups = tmp_path / "groups.yaml"
    groups.write_text(
        "sources:\n"
        f"  phone: {{pagerduty: {{url: '{server.url}', token_env: PD_TOKEN, schedules: [P1], cache_seconds: 0}}}}\n"
        "groups: {operators: phone}\n"
    )
    server.answer = lambda _request: Response(status_code=503)
    async with a_world(tmp_path / "home", monkeypatch.setenv, groups_file=groups) as world:
        thread = await world.ask("checkout is failing, what is going on?")
        card = await world.card(thread, "proposal.approve", says="new-checkout")
        why = "nobody can say who is in @operators right now: 'phone' answered 503"
        assert f"At the last look {why}" in everything(card)
        await world.click(KIM, card, "proposal.approve")
        told = await world.text(thread, f"was counted, because {why}", who=KIM)
        assert "press again in a minute" in everything(told)
        server.answer = lambda _request: JSONResponse({"oncalls": [{"user": {"email": "kim@acme.example"}}]})
        await world.click(ANA, card, "proposal.approve")
        await world.text(thread, "You cannot approve this", who=ANA)
        await world.click(KIM, card, "proposal.approve")
        await world.card(thread, "proposal.undo", seconds=40)
