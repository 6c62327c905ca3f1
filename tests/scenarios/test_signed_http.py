"""The same bot with Slack coming by signed HTTP: a whole story, and what it turns away."""

import json
import time
from pathlib import Path

import httpx
import pytest

from bot.demo.slack.signed_http import sign
from storage import tasks
from tests.scenarios.world import ANA, DANA, INCIDENTS, World, a_world


async def test_a_change_is_proposed_approved_and_verified_over_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Event, click, command and modal all come by HTTP; slack's challenge is answered; nothing dials out to Slack."""
    async with a_world(tmp_path, monkeypatch.setenv, signed_http=True) as world:
        assert world.slack.http is not None and await world.slack.http.verify()
        thread = await world.ask("checkout is failing")
        card = await world.card(thread, "proposal.approve")
        await world.click(DANA, card, "proposal.approve")
        await world.text(thread, "Done and verified", seconds=60)
        assert await world.slack.ui.command(DANA, INCIDENTS, "/autopilot", "settings") == {"ok": True}
        await world.see(lambda: world.slack.ui.open_view(DANA))
        assert "Saved" in str((await world.slack.ui.submit_view(DANA))["view"])
        assert world.slack.log.calls("apps.connections.open") == []
        assert not world.slack.sockets.connections


async def test_an_ack_over_http_means_that_it_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the same event again, as when an ack got lost behind a load balancer, changes nothing."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, signed_http=True) as world:
        answer = await _deliver(world, _event())
        assert answer.status_code == 200
        async with world.database() as db, db.read() as tx:
            assert len(await tasks.recent(tx, "T0ACME")) == 1
        assert (await _deliver(world, _event())).status_code == 200
        async with world.database() as db, db.read() as tx:
            assert len(await tasks.recent(tx, "T0ACME")) == 1


async def test_what_slack_did_not_sign_now_is_turned_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The door of a whole bot; each way to be wrong is in tests/security/test_signed_door.py."""
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, signed_http=True) as world:
        assert (await _deliver(world, _event(), **{"x-slack-signature": "v0=00"})).status_code == 401
        assert (await _deliver(world, _event(), **{"x-slack-request-timestamp": "1"})).status_code == 401
        async with world.database() as db, db.read() as tx:
            assert await tasks.recent(tx, "T0ACME") == []


def _event() -> bytes:
    event = {
        "type": "app_mention",
        "user": ANA,
        "channel": INCIDENTS,
        "ts": "1700000000.000100",
        "text": "<@U0PILOT> is checkout failing?",
    }
    return json.dumps(
        {"type": "event_callback", "event_id": "Ev1", "team_id": "T0ACME", "api_app_id": "A0PILOT", "event": event}
    ).encode()


async def _deliver(world: World, body: bytes, **changed: str) -> httpx.Response:
    now = str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "x-slack-request-timestamp": now,
        "x-slack-signature": sign(world.slack.signing_secret, now, body),
    }
    sent = {name.encode(): value.encode() for name, value in {**headers, **changed}.items()}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{world.config.console}/slack/events", content=body, headers=sent)
