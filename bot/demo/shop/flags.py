"""Feature flags, and who changed them when."""

from dataclasses import dataclass
from functools import lru_cache

CUSTOMERS = 16_000
EXPRESS_PERCENT = 12
"""the new checkout is built for express customers; they are few and buy often"""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A flag as it stands: on for `percent` of the customers it is meant for."""

    name: str
    component: str
    on: bool
    percent: int
    about: str
    express_only: bool = False

    def covers(self, customer: int) -> bool:
        """Whether this customer is served by the code behind the flag."""
        meant = is_express(customer) or not self.express_only
        return self.on and meant and customer // 100 < self.percent * CUSTOMERS // 10_000

    @property
    def customers(self) -> int:
        """How many customers it covers."""
        return _covered(self)

    @property
    def words(self) -> str:
        """For the card: "on for 100 % of express customers"."""
        who = "express customers" if self.express_only else "customers"
        return f"on for {self.percent} % of {who}" if self.on else "off"


@lru_cache(maxsize=64)
def _covered(flag: Flag) -> int:
    return sum(flag.covers(customer) for customer in range(CUSTOMERS))


@dataclass(frozen=True, kw_only=True)
class FlagChange:
    """One entry of the history."""

    at: float
    by: str
    name: str
    before: str
    after: str


class Flags:
    """All flags with their history, newest last."""

    def __init__(self) -> None:
        self._flags: dict[str, Flag] = {}
        self.history: list[FlagChange] = []

    def add(self, flag: Flag) -> None:
        self._flags[flag.name] = flag

    def find(self, name: str) -> Flag | None:
        return self._flags.get(name)

    def all(self) -> list[Flag]:
        return list(self._flags.values())

    def change(self, flag: Flag, *, by: str, at: float) -> None:
        """Put a flag into a new state and note who did it."""
        before = self._flags[flag.name]
        self._flags[flag.name] = flag
        self.history.append(FlagChange(at=at, by=by, name=flag.name, before=before.words, after=flag.words))


def is_express(customer: int) -> bool:
    """The segment a customer belongs to, by number."""
    return customer % 100 < EXPRESS_PERCENT
