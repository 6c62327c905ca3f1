"""What `autopilot tools check` may touch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How far the conformance suite goes."""

    changes: bool = False
    irreversible: bool = False
    state: tuple[str, ...] = ()
    """read tools whose answers to their examples are the state to compare"""
