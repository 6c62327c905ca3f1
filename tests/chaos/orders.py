"""How a run tells bots in other processes what goes wrong where: files, because what reads them may die at any time."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.chaos.plan import Fault, FaultKind

PATIENCE = 5.0
"""seconds a bot stands still at a point while the run does what was ordered"""


@dataclass(frozen=True, kw_only=True)
class Orders:
    """The run's side."""

    folder: Path

    def give(self, faults: tuple[Fault, ...]) -> None:
        """Before the bots start."""
        self.folder.mkdir()
        orders = [asdict(fault) for fault in faults]
        (self.folder / "orders.json").write_text(json.dumps(orders))

    def struck(self, number: int) -> bool:
        return (self.folder / f"struck-{number}").exists()

    def strike(self, number: int) -> None:
        """Note that an order struck that no bot carries out itself."""
        (self.folder / f"struck-{number}").touch()

    def done(self, number: int) -> None:
        """The bot that stands at this order's point goes on."""
        (self.folder / f"done-{number}").touch()


class Obedience:
    """A bot's side: counts what it passes, and does what is ordered there. One order strikes one replica once."""

    def __init__(self, folder: Path, clock: "JumpingClock") -> None:
        self._folder, self._clock = folder, clock
        self._orders = [
            (number, Fault(**{**order, "kind": FaultKind(order["kind"])}))
            for number, order in enumerate(json.loads((folder / "orders.json").read_text()))
            if not (folder / f"struck-{number}").exists()
        ]
        self._passes: Counter[str] = Counter()

    async def passed(self, point: str) -> None:
        """What the bot awaits at every point."""
        self._passes[point] += 1
        for number, fault in self._orders:
            if fault.point == point and fault.nth == self._passes[point] and self._mine(number):
                await self._strike(number, fault)

    def _mine(self, number: int) -> bool:
        try:
            os.close(os.open(self._folder / f"struck-{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        return True

    async def _strike(self, number: int, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case FaultKind.CLOCK:
                self._clock.jump(fault.amount)
            case FaultKind.DISCONNECT:
                until = time.monotonic() + PATIENCE
                done = self._folder / f"done-{number}"
                while not done.exists() and time.monotonic() < until:  # noqa: ASYNC110 - another process makes it
                    await asyncio.sleep(0.01)


class JumpingClock:
    """This process's wall clock. Its monotonic clock goes on, as when a machine's time is set."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._time, self._time_ns = time.time, time.time_ns

    def install(self) -> None:
        time.time = self.time
        time.time_ns = lambda: self._time_ns() + int(self._ahead * 1e9)

    def jump(self, seconds: float) -> None:
        self._ahead += seconds

    def time(self) -> float:
        return self._time() + self._ahead

    def julian_day(self, _when: str) -> float:
        """For SQLite, whose clock is its process's."""
        return self.time() / 86400.0 + 2440587.5
