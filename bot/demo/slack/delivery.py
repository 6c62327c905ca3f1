"""Carries events and interactions to the app: 3 seconds to ack, and events are sent again when it does not."""

import asyncio
import itertools
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.clock import Clock
from bot.demo.slack.installs import Install
from bot.demo.slack.traffic import Traffic
from bot.demo.slack.wire import Json
from bot.demo.slack.workspace import Workspace

ACK_SECONDS = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What came of one attempt."""

    acked: bool
    payload: Json | None = None
    """What the app said with its ack: a view's errors, a command's answer."""
    reason: str = ""
    no_retry: bool = False


class Courier(Protocol):
    """One way to reach the app: Socket Mode, or signed HTTP."""

    async def carry(self, kind: str, payload: Json, *, attempt: int, reason: str) -> Receipt: ...


class Delivery:
    def __init__(
        self,
        courier: Courier,
        *,
        clock: Clock,
        traffic: Traffic,
        workspace: Workspace,
        app: AppConfig,
        installed: Callable[[], Install | None],
    ) -> None:
        self.courier = courier
        self.retry_delays: tuple[float, ...] = RETRY_DELAYS
        self._clock, self._traffic, self._workspace, self._app = clock, traffic, workspace, app
        self._installed = installed
        self._ids = itertools.count(1)
        self._running: set[asyncio.Task[None]] = set()
        self.sent: dict[str, Json] = {}
        """Every event payload by its event_id."""

    def emit(self, event: Json, subscription: str) -> None:
        """Send an event, when the app is installed and subscribed to it."""
        if self._installed() is not None:
            self.emit_anyway(event, subscription)

    def emit_anyway(self, event: Json, subscription: str) -> None:
        """Send an event, when the app subscribed to it; the last ones come when it is no longer installed."""
        if subscription in self._app.events:
            payload = self._envelope(event)
            self.sent[payload["event_id"]] = payload
            self._spawn(self._send_until_acked(payload))

    def redeliver(self, event_id: str) -> None:
        """Send an event once more, as Slack does when an ack got lost."""
        self._spawn(self._send_until_acked(self.sent[event_id]))

    async def ask(self, kind: str, payload: Json) -> Receipt:
        """Send an interaction or a command. Those are never sent twice."""
        receipt = await self.courier.carry(kind, payload, attempt=0, reason="")
        self._note(kind, str(payload.get("type") or payload.get("command")), payload, receipt, attempt=0)
        return receipt

    async def close(self) -> None:
        """Drop what is still waiting for an ack or a retry."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send_until_acked(self, payload: Json) -> None:
        reason = ""
        for attempt, delay in enumerate((0.0, *self.retry_delays)):
            if delay:
                await self._clock.sleep(delay)
            receipt = await self.courier.carry("events_api", payload, attempt=attempt, reason=reason)
            self._note("event", payload["event"]["type"], payload, receipt, attempt=attempt)
            if receipt.acked or receipt.no_retry:
                return
            reason = receipt.reason

    def _envelope(self, event: Json) -> Json:
        team, bot = self._workspace.team_id, self._workspace.bot_user
        enterprise, installed = self._workspace.enterprise_id or None, self._installed()
        org = installed is not None and installed.is_org
        grid = {"enterprise_id": enterprise} if enterprise else {}
        return {
            "token": "local-verification-token",
            "team_id": team,
            **grid,
            "context_team_id": team,
            "context_enterprise_id": enterprise,
            "api_app_id": self._app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{next(self._ids):06d}{secrets.token_hex(3).upper()}",
            "event_time": int(self._clock.now()),
            "authorizations": [
                {
                    "enterprise_id": enterprise,
                    "team_id": team,
                    "user_id": bot,
                    "is_bot": True,
                    "is_enterprise_install": org,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{secrets.token_hex(8)}",
        }

    def _note(self, kind: str, name: str, payload: Json, receipt: Receipt, *, attempt: int) -> None:
        answer = {"acked": receipt.acked, "attempt": attempt, "reason": receipt.reason, "payload": receipt.payload}
        self._traffic.add(kind, name, payload, answer)
