"""Socket Mode: hello, one of up to ten connections per payload, acks, and disconnect frames."""

import asyncio
import itertools
import json
import secrets
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.demo.slack.changes import Changes
from bot.demo.slack.clock import Clock
from bot.demo.slack.delivery import ACK_SECONDS, Receipt
from bot.demo.slack.traffic import Traffic
from bot.demo.slack.wire import Json

MOST_CONNECTIONS = 10


@dataclass(kw_only=True, eq=False)
class _Connection:
    number: int
    socket: WebSocket
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)
    """Envelopes that were sent here and not acked yet."""
    retiring: bool = False


class SocketMode:
    """The courier for apps that connect to us."""

    def __init__(self, *, clock: Clock, traffic: Traffic, changes: Changes, app_id: str) -> None:
        self.ack_seconds = ACK_SECONDS
        self._clock, self._traffic, self._changes, self._app_id = clock, traffic, changes, app_id
        self._numbers = itertools.count(1)
        self._turn = itertools.count()
        self._tickets: set[str] = set()
        self.connections: list[_Connection] = []

    def new_ticket(self) -> str:
        """The secret in the next WebSocket address; good for one connection."""
        ticket = secrets.token_urlsafe(18)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Hold one connection until either side ends it."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await socket.close(code=1008, reason="unknown ticket; call apps.connections.open first")
            return
        self._tickets.discard(ticket)
        await socket.accept()
        if len(self.connections) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return
        connection = _Connection(number=next(self._numbers), socket=socket)
        self.connections.append(connection)
        try:
            await socket.send_json(self._hello())
            self._note("connected", connection)
            while True:
                self._take_ack(connection, await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass  # Starlette says RuntimeError when we closed the socket ourselves
        finally:
            self.connections.remove(connection)
            for future in connection.waiting.values():
                if not future.done():
                    future.set_result(None)
            self._note("disconnected", connection)

    async def carry(self, kind: str, payload: Json, *, attempt: int, reason: str) -> Receipt:
        """Send to ONE connection and wait for its ack."""
        if (connection := self._next()) is None:
            return Receipt(acked=False, reason="no_connection")
        envelope_id = secrets.token_hex(16)
        frame: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            frame |= {"retry_attempt": attempt, "retry_reason": reason}
        future = connection.waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await connection.socket.send_text(json.dumps(frame))
            in_time = await self._clock.within(future, self.ack_seconds)
        except (WebSocketDisconnect, RuntimeError):
            return Receipt(acked=False, reason="connection_failed")
        finally:
            connection.waiting.pop(envelope_id, None)
        if not in_time:
            return Receipt(acked=False, reason="timeout")
        answer = future.result()
        if answer is None:
            return Receipt(acked=False, reason="connection_failed")
        return Receipt(acked=True, payload=answer.get("payload"))

    async def disconnect(
        self, reason: str = "refresh_requested", *, close: bool = False, only_one: bool = False
    ) -> None:
        """Send every connection (or the oldest) a disconnect frame; it gets nothing new. `close` cuts it as well."""
        fresh = [connection for connection in self.connections if not connection.retiring]
        for connection in fresh[:1] if only_one else list(self.connections):
            connection.retiring = reason != "warning"
            await connection.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local"}})
            if close:
                await connection.socket.close()

    async def cut(self) -> None:
        """Close every connection without a word."""
        for connection in list(self.connections):
            await connection.socket.close(code=1011)

    def _next(self) -> _Connection | None:
        ready = [connection for connection in self.connections if not connection.retiring]
        return ready[next(self._turn) % len(ready)] if ready else None

    def _take_ack(self, connection: _Connection, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            ack = None
        if not isinstance(ack, dict) or "envelope_id" not in ack:
            self._traffic.add("socket", "unreadable_frame", {"text": text[:500]}, status=400)
            return
        future = connection.waiting.get(str(ack["envelope_id"]))
        if future is None or future.done():
            self._traffic.add("socket", "late_ack", ack)
            return
        future.set_result(ack)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def _note(self, what: str, connection: _Connection) -> None:
        self._traffic.add("socket", what, {"connection": connection.number, "open": len(self.connections)})
        self._changes.publish({"type": "presence", "connected": bool(self.connections)})
