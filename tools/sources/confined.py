"""How a program is started so that it has no network, sees few files, and has only so much memory, time and disk."""

import ctypes
import functools
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.sources import confine_files

_CHILD = str(Path(__file__).with_name("confine_child.py"))
MEGABYTE = 1024 * 1024
_PR_SET_DUMPABLE = 4
TRUNCATION_SINCE = 3
"""version of Landlock"""


SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/etc", "/proc", "/sys"),
    "/run/systemd/resolve",  # where /etc/resolv.conf may lead to
)
"""what every program may read: programs, libraries, and how the system is set up"""
SYSTEM_HIDDEN = (
    *("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers", "/etc/sudoers.d"),
    *("/etc/ssl/private", "/etc/ssh"),
)


@dataclass(frozen=True, kw_only=True)
class Files:
    """The files a program may open, beside its own working folder. What is hidden stays so, whatever is declared."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    """the bot's own: its database, its keys"""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a program may have."""

    network: bool = False
    files: Files | None = Files()
    """None: every file that the bot's user may open"""
    memory_mb: int = 512
    """of addresses: what it reserves counts, used or not; 0: not bounded"""
    used_mb: int = 0
    """of memory that it can write to; 0: not bounded"""
    seconds: float = 10.0
    """of processor time; time on the clock is the caller's to watch"""
    file_mb: int = 64
    """of each file it writes"""
    processes: int = 256
    """and threads, in all that it starts; the kernel does not hold root to it"""


def command(argv: Sequence[str], limits: Limits, complaints: int, *, folder: str = "") -> list[str]:
    """What to start instead of `argv`. Whatever keeps it from becoming `argv` is written to `complaints`, an inherited
    file descriptor; there is nothing to read there when all went well. `folder` is its own, to write to."""
    most = {
        "RLIMIT_AS": limits.memory_mb * MEGABYTE,
        "RLIMIT_DATA": limits.used_mb * MEGABYTE,
        "RLIMIT_CPU": math.ceil(limits.seconds) + 1,
        "RLIMIT_FSIZE": limits.file_mb * MEGABYTE,
        "RLIMIT_NPROC": limits.processes,
    }
    unbounded = {"RLIMIT_AS", "RLIMIT_DATA"}
    said = json.dumps(
        {
            "network": limits.network,
            "files": _files(limits.files, folder) if limits.files is not None else None,
            "most": {**{name: most[name] for name in most if most[name] or name not in unbounded}, "RLIMIT_CORE": 0},
        }
    )
    return [sys.executable, "-I", "-S", _CHILD, said, str(complaints), *argv]


def _files(files: Files, folder: str) -> dict[str, list[str]]:
    return {
        "reads": [*SYSTEM, *files.reads],
        "writes": [*files.writes, *([folder] if folder else [])],
        "hidden": [*SYSTEM_HIDDEN, *files.hidden],
    }


@functools.cache
def cannot_leave_network() -> str:
    """Why programs cannot be kept off the network on this machine; "" when they can. Tried once, with a real one."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no network namespaces"
    return _why_not(Limits(files=None))


@functools.cache
def cannot_hide_files() -> str:
    """Why files cannot be hidden from programs on this machine; "" when they can. Tried once, with a real one."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no Landlock"
    return _why_not(Limits(network=True, files=Files(reads=(sys.prefix, sys.base_prefix))))


def forgets_truncation() -> bool:
    """Whether this kernel's Landlock is too old to keep a program from emptying files that it may not open."""
    return sys.platform.startswith("linux") and 0 < confine_files.version() < TRUNCATION_SINCE


def _why_not(limits: Limits) -> str:
    tried = subprocess.run(  # noqa: S603 - our own interpreter
        command([sys.executable, "-I", "-S", "-c", ""], limits, 2),
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
