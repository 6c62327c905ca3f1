"""Pure: how long to wait before the next try."""

import email.utils
import math

BASE = 2.0
LONGEST = 15 * 60.0
LONGEST_ASKED = 24 * 3600.0
"""what a sink may ask for with Retry-After"""


def delay(failures: int, *, chance: float, asked: float = 0.0) -> float:
    """Seconds to wait after this many failures in a row (1 or more): doubling, half of it by `chance` in [0, 1).

    Never less than the sink asked for, up to a day.
    """
    longest = min(LONGEST, BASE * 2.0 ** min(failures - 1, 20))
    return max(longest / 2 + longest / 2 * chance, min(asked, LONGEST_ASKED))


def retry_after(header: str | None, *, now: float) -> float:
    """The seconds a Retry-After header asks for, given as seconds or as a date; 0 when there is no sense in it."""
    if not header:
        return 0.0
    try:
        asked = (
            float(header)
            if header.strip()[:1].isdigit()
            else email.utils.parsedate_to_datetime(header).timestamp() - now
        )
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, asked) if math.isfinite(asked) else 0.0
