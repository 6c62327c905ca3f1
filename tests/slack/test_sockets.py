"""What one connection does with the frames Slack sends about itself."""

import json

import pytest

from bot.slack.sockets import SteadyClient


@pytest.mark.parametrize(("reason", "lets_go"), [("warning", False), ("refresh_requested", True)])
async def test_only_a_request_to_renew_ends_a_connection(reason: str, lets_go: bool) -> None:
    """After a warning Slack goes on sending over it: whoever closes it then loses clicks."""
    client = SteadyClient(app_token="xapp-1", ping_interval=3600)
    try:
        await client.enqueue_message(json.dumps({"type": "disconnect", "reason": reason}))
        assert client.message_queue.empty() is not lets_go
    finally:
        await client.close()  # type: ignore[no-untyped-call]  # slack_sdk ships it untyped
