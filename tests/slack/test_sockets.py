"""What one connection does with the frames Slack sends about itself, and when it cannot be renewed at once."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from bot.slack import sockets
from bot.slack.sockets import SteadyClient


@pytest.fixture
async def slack() -> AsyncIterator[LocalSlack]:
    async with LocalSlack().serve() as slack:
        yield slack


@pytest.fixture
async def connected(slack: LocalSlack) -> AsyncIterator[SteadyClient]:
    """A client with one connection."""
    web = AsyncWebClient(base_url=slack.api_url)
    client = SteadyClient(app_token=slack.app_token, web_client=web)
    try:
        await client.connect()
        await slack.wait_connected(1)
        yield client
    finally:
        await client.close()  # type: ignore[no-untyped-call]  # slack_sdk ships it untyped


@pytest.mark.parametrize(("reason", "lets_go"), [("warning", False), ("refresh_requested", True)])
async def test_only_a_request_to_renew_ends_a_connection(reason: str, lets_go: bool) -> None:
    """After a warning Slack goes on sending over it: whoever closes it then loses clicks."""
    client = SteadyClient(app_token="xapp-1", ping_interval=3600)
    try:
        await client.enqueue_message(json.dumps({"type": "disconnect", "reason": reason}))
        assert client.message_queue.empty() is not lets_go
    finally:
        await client.close()  # type: ignore[no-untyped-call]  # slack_sdk ships it untyped


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.DROP_BEFORE, FaultKind.RATE_LIMIT])
async def test_a_connection_is_renewed_though_slack_gives_no_address_at_first(
    slack: LocalSlack, connected: SteadyClient, kind: FaultKind
) -> None:
    """Over the old one nothing comes any more: who gives up now is deaf."""
    slack.faults.add(kind, "apps.connections.open", times=2, status=500 if kind is FaultKind.ERROR else 200)
    await slack.sockets.disconnect()
    await slack.wait_for(lambda: _in_use(slack) == 1, 30)


async def test_an_address_that_did_not_work_is_not_tried_again(
    slack: LocalSlack, connected: SteadyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's are good for one attempt."""
    monkeypatch.setattr(sockets, "CONNECT_SECONDS", 1.0)
    asked: list[str] = []
    ask = connected.web_client.apps_connections_open

    async def open_(**how: Any) -> Any:
        answer = await ask(**how)
        if not asked:
            slack.sockets._tickets.clear()
        asked.append(answer["url"])
        return answer

    monkeypatch.setattr(connected.web_client, "apps_connections_open", open_)
    await slack.sockets.disconnect()
    await slack.wait_for(lambda: _in_use(slack) == 1, 30)
    assert len(asked) == 2


def _in_use(slack: LocalSlack) -> int:
    return sum(not connection.retiring for connection in slack.sockets.connections)
