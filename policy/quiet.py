"""Quiet hours: when a group or a channel is not to be disturbed, by the clock on the wall of their own zone."""

import datetime as dt
from collections.abc import Sequence
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
_MOST_WINDOWS = 30
"""windows in a row before we say that they never end"""


class Quiet(BaseModel):
    """One window, every day or on the days it begins on; without group and channel it holds for everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    begins: dt.time = Field(alias="from")
    ends: dt.time = Field(alias="to")
    tz: str
    """IANA name, as Europe/Berlin"""
    days: tuple[Day, ...] = DAYS
    group: str | None = None
    channel: str | None = None

    @field_validator("begins", "ends", mode="before")
    @classmethod
    def _clock(cls, value: object) -> object:
        # YAML reads 22:00 without quotes as the number 1320
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not a time of day; write it in quotes, as '22:00'")
        try:
            return dt.datetime.strptime(value, "%H:%M").time()
        except ValueError:
            raise ValueError(f"{value!r} is not a time of day; write it as '22:00'") from None

    @field_validator("tz")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone {value!r}; use an IANA name, as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _has_length(self) -> "Quiet":
        if self.begins == self.ends:
            raise ValueError("'from' and 'to' are the same; quiet hours need a length")
        return self

    def until(self, at: float) -> float | None:
        """When the window that `at` is in ends; None outside. Times are seconds since the epoch."""
        zone = ZoneInfo(self.tz)
        today = dt.datetime.fromtimestamp(at, zone).date()
        for day in (today, today - dt.timedelta(days=1)):
            if DAYS[day.weekday()] not in self.days:
                continue
            last = day if self.ends > self.begins else day + dt.timedelta(days=1)
            begins = dt.datetime.combine(day, self.begins, zone).timestamp()
            ends = dt.datetime.combine(last, self.ends, zone).timestamp()
            if begins <= at < ends:
                return ends
        return None


def speak_at(windows: Sequence[Quiet], at: float, *, group: str = "", channel: str = "") -> float | None:
    """The first moment from `at` on that no window of this group or channel holds; None when there is none."""
    fits = [one for one in windows if one.group in (None, group) and one.channel in (None, channel)]
    for _ in range(_MOST_WINDOWS):
        ends = [until for one in fits if (until := one.until(at)) is not None]
        if not ends:
            return at
        at = max(ends)
    return None
