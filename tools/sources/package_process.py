"""One team's package in a child process: without our environment, without network unless declared, within limits.

The child stays warm, so that a call costs one line each way. Whatever ends it ends the calls in it, and the next call
starts another.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from tools.contract import JsonObject
from tools.sources.confined import Limits, command
from tools.sources.errors import SourceError
from tools.sources.scratch import at_home, gone, made

LINE_MAX = 4 * 1024 * 1024
"""bytes of one answer; a child that says more is stopped"""
START_SECONDS = 30.0
"""to import the package and say what it has"""
GRACE = 1.0
"""seconds a cancelled call has to end by itself, before the child is stopped"""
WORN = 600.0
"""seconds of processor time after which an idle child is replaced; the kernel stops it at the limit"""
LIMITS = Limits(memory_mb=2_048, seconds=3_600.0, file_mb=64)


class CannotStart(Exception):
    """The child did not come up; nothing was asked of it."""


class Died(Exception):
    """The child ended in the middle of a call; what it did until then is not known."""


@dataclass(kw_only=True)
class PackageProcess:
    """The child of one package."""

    package: str
    environ: Mapping[str, str] = field(repr=False)
    limits: Limits = LIMITS
    known: JsonObject | None = None
    """what the package said of itself first; a later child must say the same"""
    _process: "subprocess.Popen[bytes] | None" = None
    _channel: socket.socket | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _listening: "asyncio.Task[None] | None" = None
    _waiting: dict[int, "asyncio.Future[JsonObject]"] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    """a line is sent whole before the next"""
    _leaving: "set[asyncio.Task[None]]" = field(default_factory=set)
    _cpu: float = 0.0
    _closed: bool = False
    _folder: str = ""
    """its own, to work in"""

    def start(self) -> JsonObject:
        """Start the child; what it says of its tools. Waits for it.

        Raises:
            SourceError: the package cannot be used.
            CannotStart: this machine cannot run it so, or it is another than before.
        """
        self._folder = self._folder or made()
        ours, theirs = socket.socketpair()
        complaints, to_complain = os.pipe()
        program = [sys.executable, "-P", "-m", "tools.sources.python_child", self.package, str(theirs.fileno())]
        with os.fdopen(complaints, "rb") as complained:
            try:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter
                    command(program, self._held(), to_complain, folder=self._folder),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={"PYTHONPATH": os.pathsep.join(_code()), **at_home(self._folder), **self.environ},
                    cwd=self._folder,
                    pass_fds=(to_complain, theirs.fileno()),
                    start_new_session=True,  # a group of its own, to be stopped as a whole
                )
            finally:
                os.close(to_complain)
                theirs.close()
            why = complained.read().decode(errors="replace")
        self._process, self._channel, self._cpu = process, ours, 0.0
        try:
            said = _first_line(ours)
            if why or said is None:
                raise CannotStart(why or "it ended before it said what it has")
            if isinstance(wrong := said.get("wrong"), list):
                raise SourceError(*map(str, wrong))
            if self.known is not None and said != self.known:
                raise CannotStart("its tools are not those the bot began with; restart the bot to take them over")
        except BaseException:
            self._stop()
            raise
        self.known = said
        return said

    async def ask(self, question: JsonObject) -> JsonObject:
        """The child's answer to one question.

        Raises:
            CannotStart: there is no child, and nothing was asked.
            Died: it ended meanwhile.
        """
        await self._ready()
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send({"id": number, **question})
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            self._leave(number, answer)
            raise

    def close(self) -> None:
        """End the child for good."""
        self._closed = True
        self._stop()
        gone(self._folder)

    def allow_network(self) -> None:
        """Let it have a network from now on: in another process, as this one has left it for good."""
        self._stop()
        self.limits = replace(self.limits, network=True)

    def _held(self) -> Limits:
        """Its limits, with its code and ours among the files it may read."""
        files = self.limits.files
        if files is None:
            return self.limits
        reads = (sys.prefix, sys.base_prefix, *_code(), *files.reads)
        return replace(self.limits, files=replace(files, reads=reads))

    async def _ready(self) -> None:
        async with self._starting:
            if self._leaving:  # it may have to be stopped: what is asked now would be lost with it
                await asyncio.wait(self._leaving)
            if self._closed:
                raise CannotStart("the bot is stopping")
            loop = asyncio.get_running_loop()
            worn = self._cpu > WORN and not self._waiting
            if worn or (self._loop is not None and self._loop is not loop):
                self._stop()
            if self._channel is None:
                try:
                    await asyncio.to_thread(self.start)
                except SourceError as error:
                    raise CannotStart(str(error)) from None
            if self._listening is None:
                assert self._channel is not None
                self._loop, self._listening = loop, asyncio.create_task(self._listen(self._channel))

    async def _send(self, said: JsonObject) -> None:
        channel, line = self._channel, json.dumps(said).encode() + b"\n"
        if channel is not None:
            async with self._sending:
                with contextlib.suppress(OSError):  # it ended; whoever listens to it says so
                    await asyncio.get_running_loop().sock_sendall(channel, line)

    async def _listen(self, channel: socket.socket) -> None:
        """Hand each answer to who waits for it. Ends, and with it the child, when it says too much or nothing more."""
        loop, kept = asyncio.get_running_loop(), bytearray()
        try:
            while len(kept) < LINE_MAX and (piece := await loop.sock_recv(channel, 65_536)):
                kept += piece
                *lines, rest = kept.split(b"\n") if b"\n" in piece else [kept]
                for line in lines:
                    self._heard(json.loads(line))
                kept = rest
        except (ValueError, TypeError, KeyError, OSError):
            pass  # a package that writes into our socket: no child of ours any more
        self._listening = None
        self._stop()

    def _heard(self, said: JsonObject) -> None:
        self._cpu = float(str(said.get("cpu", self._cpu)))
        waiting = self._waiting.pop(int(str(said["id"])), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)

    def _leave(self, number: int, answer: "asyncio.Future[JsonObject]") -> None:
        """Nobody waits for this call any more. A child that does not end it soon is stopped."""

        async def insist() -> None:
            await self._send({"id": number, "part": "cancel"})
            _done, late = await asyncio.wait([answer], timeout=GRACE)
            if late:
                self._stop()

        if not answer.done():
            answer.add_done_callback(lambda left: left.cancelled() or left.exception())  # or asyncio complains
            task = asyncio.create_task(insist())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def _stop(self) -> None:
        process, self._process = self._process, None
        channel, self._channel = self._channel, None
        listening, self._listening = self._listening, None
        loop, self._loop = self._loop, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        alive = loop is not None and not loop.is_closed()
        if listening is not None and alive:
            listening.cancel()
        if channel is not None:
            channel.close()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if alive and not future.done():
                future.set_exception(Died)


def _code() -> list[str]:
    return [folder for folder in sys.path if folder]


def _first_line(channel: socket.socket) -> JsonObject | None:
    channel.settimeout(START_SECONDS)
    kept = bytearray()
    try:
        while b"\n" not in kept and len(kept) < LINE_MAX and (piece := channel.recv(65_536)):
            kept += piece
        said = json.loads(kept) if kept.endswith(b"\n") else None
    except (OSError, ValueError):
        return None
    finally:
        channel.setblocking(False)
    return said if isinstance(said, dict) else None
