"""How a program is started so that it has no network, and only so much memory, time and disk."""

import ctypes
import functools
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CHILD = str(Path(__file__).with_name("confine_child.py"))
MEGABYTE = 1024 * 1024
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a program may have."""

    network: bool = False
    memory_mb: int = 512
    """of addresses: what it reserves counts, used or not"""
    seconds: float = 10.0
    """of processor time; time on the clock is the caller's to watch"""
    file_mb: int = 64
    """of each file it writes"""


def command(argv: Sequence[str], limits: Limits, complaints: int) -> list[str]:
    """What to start instead of `argv`. Whatever keeps it from becoming `argv` is written to `complaints`, an inherited
    file descriptor; there is nothing to read there when all went well."""
    said = json.dumps(
        {
            "network": limits.network,
            "memory": limits.memory_mb * MEGABYTE,
            "seconds": math.ceil(limits.seconds) + 1,
            "file": limits.file_mb * MEGABYTE,
        }
    )
    return [sys.executable, "-I", "-S", _CHILD, said, str(complaints), *argv]


@functools.cache
def cannot_leave_network() -> str:
    """Why programs cannot be kept off the network on this machine; "" when they can. Tried once, with a real one."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no network namespaces"
    tried = subprocess.run(  # noqa: S603 - our own interpreter
        command([sys.executable, "-I", "-S", "-c", ""], Limits(), 2),
        capture_output=True,
        text=True,
        timeout=20,
        env={},
        check=False,
    )
    return tried.stderr.strip().splitlines()[-1] if tried.returncode != 0 and tried.stderr.strip() else ""


def hide_environment() -> None:
    """Keep what this process was started with, its secrets among it, from programs that run as the same user.

    Linux lets those read /proc/PID/environ and memory; not of a process that is not dumpable (nor can it be traced).
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
