"""Runs alone, in a child process: which series got worse. Numbers in, names out, both as JSON."""

import json
import sys

from river.drift.binary import HDDMA


def _worse(values: list[int]) -> bool:
    """Whether the mean of 0s and 1s went up somewhere, by Hoeffding's bound."""
    detector = HDDMA()  # type: ignore[no-untyped-call]  # river ships it untyped
    for value in values:
        detector.update(bool(value))  # type: ignore[no-untyped-call]
        if detector.drift_detected:
            return True
    return False


def main() -> None:
    watched = json.load(sys.stdin)
    found = {name: [what for what, values in one.items() if _worse(values)] for name, one in watched.items()}
    json.dump({name: what for name, what in found.items() if what}, sys.stdout)


if __name__ == "__main__":
    main()
