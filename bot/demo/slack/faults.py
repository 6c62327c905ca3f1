"""The fault plan: which calls go wrong, and how. A held call waits inside the server until a test lets it go."""

import asyncio
import random
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    ERROR = "error"
    """Answer with this error (and HTTP status), without effect."""
    RATE_LIMIT = "rate_limit"
    LATENCY = "latency"
    DROP_BEFORE = "drop_before"
    """Cut the connection; the call had no effect."""
    DROP_AFTER = "drop_after"
    """Cut the connection; the call DID have its effect, and the app cannot know."""
    HOLD_BEFORE = "hold_before"
    HOLD_AFTER = "hold_after"


@dataclass(kw_only=True, eq=False)
class Fault:
    """One line of the plan. Without `nth`, `every` and `probability` it strikes every matching call."""

    kind: FaultKind
    method: str = "*"
    """A method's name, or a pattern like `chat.*`."""
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    """Strike at most this often."""
    error: str = "internal_error"
    status: int = 200
    retry_after: int = 1
    latency: float = 0.0
    seen: int = 0
    struck: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a call is parked here (or struck)."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let a parked call go on."""
        self.released.set()


class Faults:
    """The plan, and the dice: the same seed strikes the same calls."""

    def __init__(self, *, seed: int = 0) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.plan: list[Fault] = []

    def add(self, kind: FaultKind, method: str = "*", **how: object) -> Fault:
        """A new line of the plan; see Fault for the words."""
        fault = Fault(kind=kind, method=method, **how)  # type: ignore[arg-type]
        self.plan.append(fault)
        return fault

    def hold(self, method: str, *, after: bool = False, nth: int | None = 1) -> Fault:
        """Park the nth call until `release()`; await `reached.wait()` to know that it is there."""
        return self.add(FaultKind.HOLD_AFTER if after else FaultKind.HOLD_BEFORE, method, nth=nth)

    def reseed(self, seed: int) -> None:
        self._dice.seed(seed)

    def clear(self) -> None:
        """Forget the plan; parked calls go on."""
        for fault in self.plan:
            fault.release()
        self.plan.clear()

    def strike(self, method: str) -> list[Fault]:
        """The faults that hit this call."""
        return [fault for fault in self.plan if fnmatchcase(method, fault.method) and self._hits(fault)]

    def _hits(self, fault: Fault) -> bool:
        fault.seen += 1
        if fault.times is not None and fault.struck >= fault.times:
            return False
        if fault.nth is not None and fault.seen != fault.nth:
            return False
        if fault.every is not None and fault.seen % fault.every:
            return False
        if fault.probability is not None and self._dice.random() >= fault.probability:
            return False
        fault.struck += 1
        return True
