"""Runs alone, in a child process: from here on only the named files open, and only our own processes get signals.

Landlock, because it is the one thing that needs no privilege, no mount and no helper, and works in containers that
allow no user namespaces. It only ever allows, so a folder that holds something hidden is allowed entry by entry.
Numbers: include/uapi/linux/landlock.h, the same on every architecture.
"""

import ctypes
import os
import struct

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_SINCE = ((5, 16), (3, 15), (2, 14), (1, 13))
"""version of Landlock to how many of its file rights there are"""
_SCOPED_SINCE, _SCOPES = 6, 0b11
"""abstract sockets and signals"""
_NO_NEW_PRIVS = 38
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Which Landlock this kernel has; 0: none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def see_only(reads: list[str], writes: list[str], hidden: list[str]) -> None:
    """Leave this process, and all that it starts, these files. What is not there is left out.

    Raises:
        OSError: the kernel has no Landlock.
    """
    has = version()
    if not has:
        raise OSError("the kernel cannot hide files from us")
    handled = (1 << next(count for since, count in _SINCE if has >= since)) - 1
    scoped = _SCOPES if has >= _SCOPED_SINCE else 0
    rules = _checked(_libc.syscall(_CREATE, struct.pack("QQQ", handled, 0, scoped), ctypes.c_size_t(24), 0))
    secret = {os.path.realpath(path) for path in hidden}
    for path in reads:
        _allow(rules, os.path.realpath(path), _READ, handled, secret)
    for path in writes:
        _allow(rules, os.path.realpath(path), handled, handled, secret)
    for path in DEVICES:
        _rule(rules, path, _READ_FILE | _WRITE_FILE, handled)
    _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)


def _allow(rules: int, path: str, rights: int, handled: int, secret: set[str]) -> None:
    if any(path == one or path.startswith(f"{one}/") for one in secret):
        return
    within = "/" if path == "/" else f"{path}/"
    if not any(one.startswith(within) for one in secret):
        _rule(rules, path, rights, handled)
        return
    _rule(rules, path, _READ_DIR, handled)  # names may be seen there, or nothing could be found beside what is hidden
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.is_symlink():  # where it leads to is allowed there, or not
                _allow(rules, within + entry.name, rights, handled, secret)


def _rule(rules: int, path: str, rights: int, handled: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights &= handled if os.path.isdir(path) else handled & _OF_A_FILE  # noqa: PTH112 - pathlib takes longer to load
    _checked(_libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0))
    os.close(place)


def _checked(answer: int) -> int:
    if answer < 0:
        raise OSError(ctypes.get_errno(), "the kernel cannot hide files from us")
    return answer
