"""Runs alone, in a child process that left the network: no sockets but those of its own, empty, network.

A network namespace does not cover sockets that are files (a database's, a container daemon's) nor those between virtual
machines; this seccomp filter refuses to make any. Pairs of sockets within the process stay.
"""

import ctypes
import os
import struct

_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""name to the number the kernel gives the architecture, and its call socket()"""
_IO_URING_SETUP = 425  # makes sockets past socket(); the same everywhere
_X32 = 0x40000000
_INET, _INET6, _NETLINK = 2, 10, 16
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 13, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2


def refuse_other_sockets() -> None:
    """From here on, in this process and all that it starts. On other machines than these two nothing is refused.

    Raises:
        OSError: the kernel takes no filter.
    """
    if (known := _MACHINES.get(os.uname().machine)) is None:
        return
    machine, make = known
    program = (
        (_LOAD, 0, 0, 4),  # the architecture the call is made for
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the call's number
        (_AT_LEAST, 7, 0, _X32),
        (_EQUAL, 6, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 4, make),
        (_LOAD, 0, 0, 16),  # its first argument: the family
        (_EQUAL, 2, 0, _INET),
        (_EQUAL, 1, 0, _INET6),
        (_EQUAL, 0, 1, _NETLINK),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in program))
    given = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(_SET_SECCOMP, _FILTER, given, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel does not let us leave the network")
