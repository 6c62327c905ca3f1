"""Whether an agent does worse with a tool than it used to, by drift detectors that run in a child process.

The detectors (river) take 90 MB and seconds to import. They see numbers only, run when something happened with a tool
that may act alone, and are gone again. The same numbers always give the same answer.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_CHILD = Path(__file__).with_name("conduct_child.py")
_TIMEOUT = 120

EXPECTED: Final = 20
"""good ones assumed before the first: who may act alone was good at it, so five bad ones in a row are noticed"""
SLOW: Final = 4
"""times the usual: then a run was slow"""
LEAST: Final = 30
"""observations before anything is said to be usual"""
WORDS: Final[Mapping[str, str]] = {
    "failed": "it fails more often than it used to",
    "rejected": "people reject it more often than they used to",
    "undone": "people undo it more often than they used to",
    "denied": "rules refuse it more often than they used to",
    "slow": "it takes much longer than it used to",
    "share": "it is called much more often, beside other tools, than it used to be",
}


def series(
    *,
    failed: Sequence[int],
    rejected: Sequence[int],
    undone: Sequence[int],
    denied: Sequence[int],
    seconds: Sequence[float],
    share: Sequence[int],
) -> dict[str, list[int]]:
    """What the detectors see: lists of 0 and 1, 1 where something is not as it should be."""
    good = [0] * EXPECTED
    seen = {"failed": failed, "rejected": rejected, "undone": undone, "denied": denied}
    found = {name: [*good, *values] for name, values in seen.items() if any(values)}
    if len(seconds) >= LEAST:
        import statistics  # only where something ran

        usual = statistics.median(seconds[: len(seconds) // 2])
        slow = [int(took > SLOW * usual and took > 1.0) for took in seconds]
        found |= {"slow": slow} if any(slow) else {}
    if len(share) >= 2 * LEAST:
        found["share"] = list(share)
    return found


def anomalies(watched: Mapping[str, dict[str, list[int]]]) -> dict[str, str]:
    """For each name whose series got worse: why, in words with the numbers. Blocks for seconds."""
    if not any(watched.values()):
        return {}
    child = subprocess.run(  # noqa: S603 - our own interpreter and our own file
        [sys.executable, "-P", str(_CHILD)],
        input=json.dumps({name: dict(one) for name, one in watched.items()}).encode(),
        capture_output=True,
        timeout=_TIMEOUT,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        check=True,
    )
    found: dict[str, list[str]] = json.loads(child.stdout)
    return {name: "; ".join(_said(what, watched[name][what]) for what in what_) for name, what_ in found.items()}


def _said(what: str, values: Sequence[int]) -> str:
    lately = values[-10:]
    return f"{WORDS[what]} ({sum(lately)} of the last {len(lately)})"
