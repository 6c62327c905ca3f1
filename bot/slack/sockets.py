"""Socket Mode connections that answer what they took before they are renewed, and are renewed whatever fails.

slack_sdk closes a connection as soon as Slack asks for it, and acks through whichever is open then. A press whose
listener was still writing to disk went unacked: the person saw an error for something that was done. When it gets no
new address it gives up and keeps the connection that Slack sends nothing more over; when it cannot connect to one it
tries the same again, which is good for one attempt only. Either way the bot went deaf.
"""

import asyncio
import json
import logging
import time
from typing import Any

from slack_bolt.adapter.socket_mode.async_base_handler import AsyncBaseSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

ACK_SECONDS = 3.0
"""what is not acked by then Slack no longer waits for"""
CONNECT_SECONDS = 5.0
"""an attempt to connect may take; slack_sdk's own would wait longer before it tries again"""
LONGEST_PAUSE = 30.0
"""seconds between two attempts to get an address, at most: its rate is one a minute, bursts allowed"""
_log = logging.getLogger(__name__)


class SteadyClient(SocketModeClient):
    """Lets go of a connection when what came over it is acked."""

    def __init__(self, **how: Any) -> None:
        self._taken: dict[str, float] = {}
        """envelope → when it came"""
        self._acked = asyncio.Event()
        self._renewing = asyncio.Lock()
        super().__init__(**how)

    async def enqueue_message(self, message: str) -> None:
        frame = json.loads(message) if message.startswith("{") else {}
        if frame.get("type") == "disconnect" and frame.get("reason") == "warning":
            return  # Slack goes on sending over this connection until it asks for it: letting go now loses what comes
        if envelope := frame.get("envelope_id"):
            self._taken[envelope] = time.monotonic()
        await super().enqueue_message(message)

    async def send_socket_mode_response(self, response: dict[str, Any] | SocketModeResponse) -> None:
        body = response.to_dict() if isinstance(response, SocketModeResponse) else response
        try:
            await super().send_socket_mode_response(response)
        finally:
            self._taken.pop(str(body.get("envelope_id")), None)
            self._acked.set()

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        while force and self._waits():
            self._acked.clear()
            try:
                async with asyncio.timeout(0.1):
                    await self._acked.wait()
            except TimeoutError:
                continue
        async with self._renewing:  # slack_sdk's own lock is passed by whoever waits for it five seconds
            await super().connect_to_new_endpoint(force)

    async def issue_new_wss_url(self) -> str:
        """An address to connect to, however long Slack gives none."""
        pause = 1.0
        while True:
            try:
                return await super().issue_new_wss_url()
            except Exception as error:
                if self.closed:
                    raise
                _log.warning("Slack gives no address to connect to; trying again", extra={"why": type(error).__name__})
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def connect(self) -> None:
        """Connect, with a new address for each attempt."""
        while not self.closed:
            self.wss_uri = self.wss_uri or await self.issue_new_wss_url()
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await super().connect()  # type: ignore[no-untyped-call]
                return
            except TimeoutError:
                self.wss_uri = None

    def _waits(self) -> bool:
        oldest = time.monotonic() - ACK_SECONDS  # a listener that raised acks nothing, so that Slack sends it again
        self._taken = {envelope: at for envelope, at in self._taken.items() if at > oldest}
        return bool(self._taken)


class SocketHandler(AsyncBaseSocketModeHandler):
    """One connection of the app."""

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        self.app, self.app_token = app, app_token
        self._app = app
        self.client = SteadyClient(
            app_token=app_token, logger=logging.getLogger("slack_sdk.socket_mode"), web_client=app.client
        )
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        began = time.time()
        await send_async_response(client, req, await run_async_bolt_app(self._app, req), began)
