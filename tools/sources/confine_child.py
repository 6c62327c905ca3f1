"""Runs alone, in a child process: take away what a program must not have, then become that program.

Run by path with -I -S, so it starts in milliseconds and imports nothing of ours. Between fork and exec of a process
with threads little is safe; here nothing runs beside us.
"""

import ctypes
import json
import os
import resource
import sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """argv: limits as JSON, the file descriptor to complain to, then the program with its arguments."""
    limits, complaints, argv = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(complaints, False)  # becoming the program closes it, which says that all went well
    try:
        if not limits["network"]:
            _leave_the_network()
        _limit(limits["memory"], limits["seconds"], limits["file"])
        os.execvp(argv[0], argv)  # noqa: S606 - the very purpose; nothing of this goes through a shell
    except (OSError, ValueError) as error:
        os.write(complaints, f"{type(error).__name__}: {error}".encode()[:500])
        os._exit(1)


def _leave_the_network() -> None:
    """A network namespace of its own, without any interface that is up, as the user it was."""
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "the kernel does not let us leave the network")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes longer to load
            file.write(text)


def _limit(memory: int, seconds: int, file: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


if __name__ == "__main__":
    main()
