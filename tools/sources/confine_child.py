"""Runs alone, in a child process: take away what a program must not have, then become that program.

Run by path with -I -S, so it starts in milliseconds and imports nothing of ours. Between fork and exec of a process
with threads little is safe; here nothing runs beside us.
"""

import ctypes
import json
import os
import resource
import sys
import warnings  # noqa: F401 - execvp wants it when our own library may be out of reach

sys.path.insert(0, os.path.dirname(__file__))  # noqa: PTH120 - pathlib takes longer to load

import confine_files  # type: ignore[import-not-found]  # found by the line above only
import confine_sockets  # type: ignore[import-not-found]

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """argv: limits as JSON, the file descriptor to complain to, then the program with its arguments."""
    limits, complaints, argv = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(complaints, False)  # becoming the program closes it, which says that all went well
    try:
        _leave(network=not limits["network"])
        _limit(limits["most"])
        if (files := limits["files"]) is not None:
            confine_files.see_only(files["reads"], files["writes"], files["hidden"])
        if not limits["network"]:
            confine_sockets.refuse_other_sockets()
        os.execvp(argv[0], argv)  # noqa: S606 - the very purpose; nothing of this goes through a shell
    except (OSError, ValueError) as error:
        os.write(complaints, f"{type(error).__name__}: {error}".encode()[:500])
        os._exit(1)


def _leave(*, network: bool) -> None:
    """A user namespace of its own, as the user it was, so that its processes are counted apart from the bot's; and,
    unless it may have the network, a network namespace without any interface that is up."""
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | (CLONE_NEWNET if network else 0)) != 0:
        if not network:
            return
        raise OSError(ctypes.get_errno(), "the kernel does not let us leave the network")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "wb") as file:  # noqa: PTH123 - pathlib takes longer to load
            file.write(text.encode())


def _limit(most: dict[str, int]) -> None:
    for name, wanted in most.items():
        what = getattr(resource, name)
        hard = resource.getrlimit(what)[1]
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (allowed, allowed))


if __name__ == "__main__":
    main()
