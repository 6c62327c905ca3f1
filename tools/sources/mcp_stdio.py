"""A program that speaks MCP on its standard input and output, held to a size and stopped with all it started.

The SDK's own stdio transport reads a line of any length and hands the program parts of our environment; this one does
neither. The protocol itself is the SDK's.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tools.sources.confined import Limits, command
from tools.sources.scratch import at_home, scratch

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage

LINE_MAX = 4 * 1024 * 1024
"""bytes of one message; a server that says more is stopped"""
GARBAGE_MAX = 100
"""lines that are no messages; a server that says more is stopped"""
PATIENCE = 2.0
"""seconds a server gets to end by itself once its input is closed"""
LAST_WORDS = 0.5
"""seconds that what it wrote to its error output is waited for when it ended"""


class CannotStart(Exception):
    """No server came up; nothing was sent."""


@contextlib.asynccontextmanager
async def stdio(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    folder: str,
    limits: Limits,
    complained: Callable[[str], None],
) -> "AsyncIterator[TransportStreams]":
    """Start a server, held to its limits, and talk with it; it has ended when this is left. `complained` gets what it
    says beside it.

    Raises:
        CannotStart: it, or what holds it, cannot be started here.
    """
    async with scratch() as own:
        process = await _started(argv, {**at_home(own), **environ}, folder or own, limits, own)
        async with _talking(process, complained) as streams:
            yield streams


async def _started(
    argv: Sequence[str], environ: Mapping[str, str], folder: str, limits: Limits, own: str
) -> asyncio.subprocess.Process:
    complaints, to_complain = os.pipe()
    with os.fdopen(complaints, "rb") as complained:
        try:
            process = await asyncio.create_subprocess_exec(
                *command(argv, limits, to_complain, folder=own),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(environ),
                cwd=folder,
                limit=LINE_MAX,
                pass_fds=(to_complain,),
                start_new_session=True,  # a group of its own, to be stopped as a whole
            )
        except (OSError, ValueError) as error:
            raise CannotStart(f"{argv[0]!r} cannot be started: {type(error).__name__}") from None
        finally:
            os.close(to_complain)
        try:
            why = (await asyncio.to_thread(complained.read)).decode(errors="replace")
        except asyncio.CancelledError:
            await asyncio.shield(_end(process))
            raise
    if why:
        await _end(process)
        raise CannotStart(f"{argv[0]!r} cannot be started: {why}")
    return process


@contextlib.asynccontextmanager
async def _talking(
    process: asyncio.subprocess.Process, complained: Callable[[str], None]
) -> "AsyncIterator[TransportStreams]":
    import anyio
    from mcp.shared.message import SessionMessage

    incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    assert process.stdin and process.stdout and process.stderr
    listening = asyncio.create_task(_listen(process.stdout, incoming))
    speaking = asyncio.create_task(_speak(process.stdin, outgoing))
    complaining = asyncio.create_task(_overhear(process.stderr, complained))
    try:
        yield read, write
    finally:
        if listening.done():  # it ended by itself: its last words say why
            await asyncio.wait([complaining], timeout=LAST_WORDS)
        for work in (listening, speaking, complaining):
            work.cancel()
        await asyncio.gather(listening, speaking, complaining, return_exceptions=True)
        for stream in (incoming, read, write, outgoing):
            stream.close()
        await asyncio.shield(_end(process))


async def _listen(stdout: asyncio.StreamReader, incoming: "MemoryObjectSendStream[SessionMessage | Exception]") -> None:
    """Hand on each message. Ends, and with it the session, at the end of the output or when there is too much of it."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    garbage = 0
    with incoming:
        while True:
            try:
                line = await stdout.readline()
            except ValueError:  # longer than LINE_MAX
                return
            if not line or garbage > GARBAGE_MAX:
                return
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                garbage += 1  # a server's stray print; many of them are a flood
                continue
            await incoming.send(SessionMessage(message))


async def _overhear(stderr: asyncio.StreamReader, complained: Callable[[str], None]) -> None:
    """Read what it says on its error output, which would block it otherwise; the newest of it is kept by others."""
    while said := await stderr.read(65_536):
        complained(said[-2_000:].decode(errors="replace"))


async def _speak(stdin: asyncio.StreamWriter, outgoing: "MemoryObjectReceiveStream[SessionMessage]") -> None:
    with outgoing, contextlib.suppress(ConnectionError):
        async for message in outgoing:
            stdin.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
            await stdin.drain()


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin
    process.stdin.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), PATIENCE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # Of a flood the pipe holds the rest. Nobody reads that any more, and until the pipe is closed asyncio waits for it.
    process._transport.close()  # type: ignore[attr-defined]  # asyncio's Process shows no way to close what it holds
    await process.wait()
