"""One MCP server: connected when first needed, asked for its tools before every call, let go of when it misbehaves."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import JsonValue, ValidationError

from tools.contract import JsonObject, ToolFailed
from tools.sources.mcp_pins import Pins, hash_of, pins_of
from tools.sources.mcp_stdio import CannotStart

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client._transport import TransportStreams
    from mcp_types import CallToolResult

PAGES_MAX = 20
TOOLS_MAX = 1_000
CONNECT_SECONDS = 15.0
TEXT_MAX = 200_000
"""characters of text kept of one answer"""
Answer = TypeVar("Answer")


@dataclass(kw_only=True)
class McpServer:
    """A server and the one session with it. A session that broke is never used again."""

    name: str
    open: "Callable[[], AbstractAsyncContextManager[TransportStreams]]" = field(repr=False)
    pin_with: str
    """the manifest, for the sentence that says how to pin"""
    complaints: list[str] = field(default_factory=list, repr=False)
    """the newest of what a program said on its error output; it goes into the sentence when it cannot be started"""
    held: str = ""
    """how its program is held, which may be why it does not come up"""
    _session: "_Session | None" = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    def complain(self, said: str) -> None:
        self.complaints[:] = [("".join(self.complaints) + said)[-2_000:]]

    async def tools(self, *, seconds: float) -> Pins:
        """Everything the server says about its tools at this moment.

        Raises:
            ToolFailed: it cannot be reached, or says too much.
        """
        return await self._asked(self._list, seconds, may_change=False)

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, JsonValue],
        *,
        pinned: JsonObject,
        seconds: float,
        may_change: bool,
        idempotency_key: str,
    ) -> JsonObject:
        """What the tool answers, if the server still declares it as it was pinned.

        Raises:
            ToolFailed: `effect_possible` is False only when the call cannot have reached the tool.
        """
        now = (await self.tools(seconds=seconds)).tools.get(tool)
        if now is None or hash_of(now) != hash_of(pinned):
            what = "is gone from" if now is None else "was changed by"
            raise ToolFailed(
                f"{tool!r} {what} {self.name!r} since a person agreed to it; nothing was sent, look at it with "
                f"'autopilot tools pin {self.pin_with}'",
                effect_possible=False,
                reason="refused",
            )

        async def work(client: "Client") -> "CallToolResult":
            meta = {"idempotencyKey": idempotency_key} if idempotency_key else None
            return await client.call_tool(tool, dict(arguments), meta=meta)  # type: ignore[arg-type]  # free keys

        return self._result(tool, await self._asked(work, seconds, may_change=may_change), may_change)

    async def close(self) -> None:
        """Let go of the session, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _list(self, client: "Client") -> Pins:
        found: list[JsonObject] = []
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            page = await client.list_tools(cursor=cursor, cache_mode="bypass")
            found += [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor or len(found) > TOOLS_MAX:
                break
        if cursor or len(found) > TOOLS_MAX:
            raise ToolFailed(
                f"{self.name!r} lists more than {TOOLS_MAX} tools or pages without end; nothing was sent",
                effect_possible=False,
                reason="bad_response",
            )
        return pins_of(self.name, found)

    async def _asked(
        self, work: "Callable[[Client], Awaitable[Answer]]", seconds: float, *, may_change: bool
    ) -> Answer:
        """The work's answer. Whatever ends it otherwise ends the session too, but for an error the server answered."""
        from mcp import MCPError
        from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, METHOD_NOT_FOUND, REQUEST_TIMEOUT

        session = await self._connected(min(CONNECT_SECONDS, seconds * 0.8))
        unknown = "; whether it took is not known" if may_change else ""
        try:
            async with asyncio.timeout(seconds):
                return await session.ask(work)
        except TimeoutError:
            await self.close()
            says = f"{self.name!r} did not answer within {seconds:g} s{unknown}"
            raise ToolFailed(says, effect_possible=may_change, reason="timeout") from None
        except MCPError as error:
            if error.code in (CONNECTION_CLOSED, REQUEST_TIMEOUT):
                await self.close()
                raise self._broke_off(unknown, may_change) from None
            nothing = error.code in (INVALID_PARAMS, METHOD_NOT_FOUND)
            says = f"{self.name!r} answered with an error: {error.message[:400]}"
            raise ToolFailed(says, effect_possible=may_change and not nothing, reason="refused") from None
        except (_Ended, OSError):
            await self.close()
            raise self._broke_off(unknown, may_change) from None
        except (ValidationError, RuntimeError, ValueError) as error:
            await self.close()
            says = f"{self.name!r} answered something that is no answer ({type(error).__name__}){unknown}"
            raise ToolFailed(says, effect_possible=may_change, reason="bad_response") from None
        except asyncio.CancelledError:
            await asyncio.shield(self.close())
            raise

    def _last_words(self) -> str:
        lines = [line.strip() for line in "".join(self.complaints).splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines  # Python ends with its stack
        return f"; its program said {telling[-1][:200]!r}{self.held}" if telling else ""

    def _broke_off(self, unknown: str, may_change: bool) -> ToolFailed:
        says = f"{self.name!r} broke off in the middle of it{unknown}"
        return ToolFailed(says, effect_possible=may_change, reason="unreachable")

    async def _connected(self, seconds: float) -> "_Session":
        async with self._opening:
            if self._session is not None and self._session.alive:
                return self._session
            await self.close()
            self.complaints.clear()
            session = _Session(self.open)
            try:
                async with asyncio.timeout(seconds):
                    await session.start()
            except asyncio.CancelledError:
                await asyncio.shield(session.close())
                raise
            except Exception as error:  # the SDK and the transports raise as they like; nothing was sent yet
                await session.close()
                why = f"no answer within {seconds:g} s" if isinstance(error, TimeoutError) else _why(error)
                why += self._last_words()
                says = f"{self.name!r} cannot be reached ({why}); nothing was sent, try again when it is up"
                raise ToolFailed(says, effect_possible=False, reason="unreachable") from None
            self._session = session
            return session

    def _result(self, tool: str, result: "CallToolResult", may_change: bool) -> JsonObject:
        text = "\n".join(part.text for part in result.content if part.type == "text")[:TEXT_MAX]
        if result.is_error:
            # The tool ran and failed; how far it came nobody says.
            says = f"{tool!r} of {self.name!r} failed: {text.strip()[:600] or 'it said nothing'}"
            raise ToolFailed(says, effect_possible=may_change, reason="error")
        if isinstance(result.structured_content, dict):
            return dict(result.structured_content)
        others = sorted({part.type for part in result.content if part.type != "text"})
        return {"text": text, **({"left_out": list(others)} if others else {})}


class _Ended(Exception):
    """The session ended under a call."""


class _Session:
    """One connection, held open by a task of its own: what is entered in a task must be left in it."""

    def __init__(self, opening: "Callable[[], AbstractAsyncContextManager[TransportStreams]]") -> None:
        self._open = opening
        self._over = asyncio.Event()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._holding: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self._holding is not None and not self._holding.done() and not self._over.is_set()

    async def start(self) -> None:
        self._holding = asyncio.create_task(self._hold())
        waits: list[asyncio.Future[Any]] = [self._holding, self._ready]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            self._holding.result()
        self._ready.result()

    async def ask(self, work: "Callable[[Client], Awaitable[Answer]]") -> Answer:
        assert self._holding is not None
        asking = asyncio.ensure_future(work(self._ready.result()))
        try:
            await asyncio.wait([asking, self._holding], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise _Ended
            return asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def close(self) -> None:
        self._over.set()
        if self._holding is not None:
            if not self._ready.done():
                self._holding.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._holding

    async def _hold(self) -> None:
        from mcp import Client

        try:
            async with Client(self._open()) as client:  # no callbacks: a server can ask us for nothing
                self._ready.set_result(client)
                await self._over.wait()
        except BaseException as error:
            if not self._ready.done():
                if isinstance(error, Exception):
                    self._ready.set_exception(error)
                else:
                    self._ready.cancel()
            raise


def _why(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) if isinstance(error, CannotStart) else type(error).__name__
