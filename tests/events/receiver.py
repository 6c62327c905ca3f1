"""A real webhook receiver on loopback: checks every signature, keeps what came, and misbehaves when told to."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass(frozen=True, kw_only=True)
class Got:
    """One request whose signature is right."""

    event: dict[str, Any]
    headers: dict[str, str]
    path: str
    body: bytes

    @property
    def seq(self) -> int:
        return int(self.event["id"].rpartition(":")[2])

    @property
    def task(self) -> str:
        return str(self.event.get("subject", ""))


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: AsyncIterator[bytes] | bytes = b""


Behave = Callable[[Got], Awaitable[Reply]]


async def _fine(_got: Got) -> Reply:
    return Reply()


@dataclass
class Receiver:
    url: str = ""
    secrets: list[str] = field(default_factory=lambda: [SECRET])
    behave: Behave = _fine
    asked: list[Got] = field(default_factory=list)
    """every request, in order of arrival"""
    taken: list[Got] = field(default_factory=list)
    """those answered with 2xx"""
    unsigned: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def firsts(self, task: str | None = None) -> list[int]:
        """Sequence numbers in order of their first acceptance: what a receiver that drops repeats has seen."""
        return list(dict.fromkeys(got.seq for got in self.taken if task in (None, got.task)))

    async def until(self, true: Callable[[], bool], timeout: float = 20) -> None:
        """Return when what came makes this true."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(true)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                path, headers, body = await _request(reader)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    reply = await self._answer(path, headers, body)
                finally:
                    self.at_once -= 1
                await _send(writer, reply)
        writer.close()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if not self._signed(headers, body):
            self.unsigned.append(path)
            return Reply(status=401)
        got = Got(event=json.loads(body), headers=headers, path=path, body=body)
        async with self._news:
            self.asked.append(got)
            self._news.notify_all()
        reply = await self.behave(got)
        if 200 <= reply.status < 300:
            async with self._news:
                self.taken.append(got)
                self._news.notify_all()
        return reply

    def _signed(self, headers: dict[str, str], body: bytes) -> bool:
        """As the Standard Webhooks libraries check it: any v1 signature, a timestamp within five minutes."""
        at = headers.get("webhook-timestamp", "0")
        if abs(time.time() - int(at)) > 300:
            return False
        content = f"{headers.get('webhook-id')}.{at}.".encode() + body
        right = [
            base64.b64encode(
                hmac.new(base64.b64decode(s.removeprefix("whsec_")), content, hashlib.sha256).digest()
            ).decode()
            for s in self.secrets
        ]
        given = [part.partition(",") for part in headers.get("webhook-signature", "").split()]
        return any(version == "v1" and signature in right for version, _, signature in given)


async def _request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return head[0].split(" ")[1], headers, body


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    known = {"content-length": str(len(reply.body))} if isinstance(reply.body, bytes) else {"connection": "close"}
    lines = [f"HTTP/1.1 {reply.status} X", *(f"{k}: {v}" for k, v in {**known, **reply.headers}.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    if isinstance(reply.body, bytes):
        writer.write(reply.body)
        await writer.drain()
        return
    async for chunk in reply.body:
        writer.write(chunk)
        await writer.drain()
    raise ConnectionError("the answer without a length ends with the connection")


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens on loopback until the block ends."""
    receiver = Receiver()
    open_ones: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        try:
            await receiver.handle(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()
            open_ones.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(open_ones):
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
