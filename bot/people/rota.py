"""A rota: who is on shift at a moment, by the clock on the wall of its time zone. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.people.source import Name, Names

DAYS: tuple["Day", ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one like Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


def _clock(value: object) -> object:
    if isinstance(value, int) and 0 <= value < 24 * 60:  # YAML 1.1 reads an unquoted 17:00 as 17 * 60
        return f"{value // 60:02}:{value % 60:02}"
    return value.zfill(5) if isinstance(value, str) else value


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Clock = Annotated[time, BeforeValidator(_clock)]
People = Annotated[tuple[Name, ...], BeforeValidator(_several), Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Weekly(_Strict):
    """The same hours on some days of every week; up to the next day when `to` is not after `from`."""

    who: People
    days: Annotated[tuple[Day, ...], BeforeValidator(_several)] = DAYS
    from_: Clock = Field(alias="from")
    to: Clock


class Turns(_Strict):
    """One person after the other, each for so many days, for ever."""

    who: People
    starting: datetime
    every_days: int = Field(ge=1, le=366)


class Dated(_Strict):
    """From one moment to another."""

    who: People
    from_: datetime = Field(alias="from")
    to: datetime

    @model_validator(mode="after")
    def _forward(self) -> "Dated":
        if (self.from_.tzinfo is None) != (self.to.tzinfo is None):
            raise ValueError("give both from and to a UTC offset, or neither")
        if self.to <= self.from_:
            raise ValueError("to must be later than from")
        return self


class Rota(_Strict):
    """Everybody whose shift it is, together; while an override lasts, its people instead."""

    time_zone: Zone
    weekly: tuple[Weekly, ...] = ()
    turns: tuple[Turns, ...] = ()
    dated: tuple[Dated, ...] = ()
    overrides: tuple[Dated, ...] = ()

    def on_shift(self, at: datetime) -> Names:
        """The people of all shifts that last at `at`. A shift's end is the next one's beginning: nobody has both."""
        replaced = self._during(self.overrides, at)
        if replaced:
            return replaced
        found: set[str] = set(self._during(self.dated, at))
        for shift in self.weekly:
            if self._in_week(shift, at):
                found.update(shift.who)
        for turns in self.turns:
            found.update(self._turn(turns, at))
        return frozenset(found)

    def _during(self, shifts: tuple[Dated, ...], at: datetime) -> Names:
        lasting = (s for s in shifts if self._instant(s.from_) <= at < self._instant(s.to))
        return frozenset(name for shift in lasting for name in shift.who)

    def _in_week(self, shift: Weekly, at: datetime) -> bool:
        for day in _around(at.astimezone(ZoneInfo(self.time_zone)).date()):
            if DAYS[day.weekday()] not in shift.days:
                continue
            end = day if shift.to > shift.from_ else day + timedelta(days=1)
            begins = self._instant(datetime.combine(day, shift.from_))
            if begins <= at < self._instant(datetime.combine(end, shift.to)):
                return True
        return False

    def _turn(self, turns: Turns, at: datetime) -> Names:
        """Handovers are so many days apart on the wall's clock, so they stay at nine when the clocks change."""
        zone = ZoneInfo(self.time_zone)
        first = turns.starting.astimezone(zone).replace(tzinfo=None) if turns.starting.tzinfo else turns.starting
        guess = (at.astimezone(zone).replace(tzinfo=None) - first) // timedelta(days=turns.every_days)
        for n in (guess + 1, guess, guess - 1):
            if n >= 0 and self._instant(first + n * timedelta(days=turns.every_days)) <= at:
                return frozenset({turns.who[n % len(turns.who)]})
        return frozenset()

    def _instant(self, wall: datetime) -> datetime:
        """The moment of a wall's clock; of a time that comes twice the first, of one that never comes the later."""
        if wall.tzinfo is None:
            wall = wall.replace(tzinfo=ZoneInfo(self.time_zone))
        return wall.astimezone(UTC)


def _around(day: date) -> Iterator[date]:
    yield day - timedelta(days=1)  # a night shift that began yesterday
    yield day
