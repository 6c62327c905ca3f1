"""One program, run once: given arguments, no shell, nothing of our environment, within time, memory and a size."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.sources.confined import Limits, command
from tools.sources.scratch import at_home, scratch

OUTPUT_MAX = 256 * 1024
"""bytes of standard output; a program that says more is stopped"""
ERRORS_MAX = 4 * 1024
"""bytes kept of standard error; the rest is read and dropped, so that nobody waits"""
PIECE = 16 * 1024


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended."""

    code: int
    """below 0: killed by that signal"""
    output: str
    errors: str


@dataclass(frozen=True, kw_only=True)
class NotStarted:
    """The program could not be started; nothing happened."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """We stopped it: it took too long, or said too much."""

    why: str
    late: bool


async def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    folder: str,
    seconds: float,
    limits: Limits,
    stdin: str = "",
) -> Ended | NotStarted | Stopped:
    """Run one program to its end. Whatever it started is stopped with it. It has a folder of its own, for temporary
    files and, with no `folder`, to work in; that is gone afterwards."""
    async with scratch() as own:
        return await _run(argv, {**at_home(own), **environ}, folder or own, seconds, limits, stdin, own)


async def _run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    folder: str,
    seconds: float,
    limits: Limits,
    stdin: str,
    own: str,
) -> Ended | NotStarted | Stopped:
    complaints, to_complain = os.pipe()
    with os.fdopen(complaints, "rb") as complained:
        try:
            process = await _start(command(argv, limits, to_complain, folder=own), environ, folder, to_complain)
        except (OSError, ValueError) as error:
            return _not_started(argv, type(error).__name__)
        finally:
            os.close(to_complain)
        ended = await _see(process, argv, seconds, stdin)
        why = complained.read().decode(errors="replace")
        return _not_started(argv, why) if why else ended


def _not_started(argv: Sequence[str], why: str) -> NotStarted:
    return NotStarted(
        why=f"{argv[0]!r} cannot be started ({why}); install it, correct `path:`, or declare in `reads:` where it lies"
    )


async def _start(
    argv: Sequence[str], environ: Mapping[str, str], folder: str, inherited: int
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environ),
        cwd=folder,
        pass_fds=(inherited,),
        start_new_session=True,  # a group of its own, to be stopped as a whole
    )


async def _see(process: asyncio.subprocess.Process, argv: Sequence[str], seconds: float, stdin: str) -> Ended | Stopped:
    try:
        async with asyncio.timeout(seconds):
            output, errors = await _read(process, stdin)
            code = await process.wait()
    except TimeoutError:
        return Stopped(why=f"{argv[0]!r} did not end within {seconds:g} s and was stopped", late=True)
    except _TooMuch:
        return Stopped(why=f"{argv[0]!r} said more than {OUTPUT_MAX // 1024} KiB and was stopped", late=False)
    finally:
        await _stop(process)
    return Ended(code=code, output=_text(output), errors=_text(errors))


class _TooMuch(Exception):
    """More output than anybody reads."""


async def _read(process: asyncio.subprocess.Process, stdin: str) -> tuple[bytes, bytes]:
    assert process.stdin and process.stdout and process.stderr
    if stdin:  # the program may wait for it or not; our transport holds what it has not taken yet
        process.stdin.write(stdin.encode())
    process.stdin.close()
    errors = asyncio.create_task(_all(process.stderr, ERRORS_MAX, stop=False))
    try:
        return await _all(process.stdout, OUTPUT_MAX, stop=True), await errors
    finally:
        errors.cancel()


async def _all(stream: asyncio.StreamReader, most: int, *, stop: bool) -> bytes:
    kept = bytearray()
    while piece := await stream.read(PIECE):
        kept += piece[: most + 1 - len(kept)] if len(kept) <= most else b""
        if stop and len(kept) > most:
            raise _TooMuch
    return bytes(kept[:most])


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
