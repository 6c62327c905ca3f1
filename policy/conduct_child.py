"""Runs alone, in a child process: which series got worse. Numbers in, names out, both as JSON."""

import json
import sys
from types import ModuleType

_UNUSED = {"river.datasets": "base", "river.drift.datasets": "", "river.drift.kswin": "KSWIN"}
"""what river.drift imports and nobody here asks for; scipy and SQLAlchemy come with it, for a second of a core"""


def _skip_unused() -> None:
    for module, name in _UNUSED.items():
        empty = sys.modules[module] = ModuleType(module)
        setattr(empty, name, None)


def _worse(values: list[int]) -> bool:
    """Whether the mean of 0s and 1s went up somewhere, by Hoeffding's bound."""
    from river.drift.binary import HDDMA

    detector = HDDMA()  # type: ignore[no-untyped-call]  # river ships it untyped
    for value in values:
        detector.update(bool(value))  # type: ignore[no-untyped-call]
        if detector.drift_detected:
            return True
    return False


def main() -> None:
    _skip_unused()
    watched = json.load(sys.stdin)
    found = {name: [what for what, values in one.items() if _worse(values)] for name, one in watched.items()}
    json.dump({name: what for name, what in found.items() if what}, sys.stdout)


if __name__ == "__main__":
    main()
