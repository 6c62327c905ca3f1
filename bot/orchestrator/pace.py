"""How fast and how much a worker works."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a worker works. Times are in seconds."""

    slots: int = 16
    """tasks at once"""
    kept_for_approved: int = 4
    """of the slots: a burst of new requests must not keep an approved call waiting"""
    lease: float = 12.0
    """a dead replica's task is taken over after at most this and one poll"""
    heartbeat: float = 1.0
    poll: float = 1.0
    """finds what a lost hint would have told"""
    drain: float = 15.0
    """what runs may take this long to end at a stop; who waits for the worker waits a little longer"""
