"""Change freezes: windows of time in which nothing is changed, written as hours, dates, cron, or a calendar."""

import datetime as dt
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from policy.quiet import DAYS, Day, Quiet
from policy.types import Tier

_HOURS = re.compile(r"\d\d:\d\d")
_SPAN = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_SECOND = dt.timedelta(seconds=1)
MOST_FIRINGS = 200
"""within one window; further ones would only move its end"""
LARGEST_CALENDAR = 1_000_000
"""bytes"""


class About(TypedDict):
    """What kind of call it is, as lines and windows name it."""

    tool: str
    tier: Tier
    env: str
    channel: str


def _span(value: object) -> dt.timedelta:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None or not (minutes := int(found[1]) * _MINUTES[found[2]]):
        raise ValueError(f"{value!r} is not a span of time; write 90m, 60h or 2d")
    return dt.timedelta(minutes=minutes)


def _moment(value: object) -> dt.datetime:
    if isinstance(value, str):
        for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
            try:
                return dt.datetime.strptime(value, form)
            except ValueError:
                continue
    raise ValueError(f"{value!r} is not a moment; write it in quotes, as '2026-11-27 08:00'")


class Freeze(BaseModel):
    """One window. What it leaves out of tool, tier, env and channel it holds for.

    Written in one of four ways: `from`/`to` as hours ("22:00"), every day or on `days`; `from`/`to` as dates; `cron`
    with `for`, from each firing on; `ics`, a calendar file whose events are the windows, recurring ones included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    name: str = Field(min_length=1, max_length=100)
    """what people are told; say why"""
    tz: str
    """IANA name, as Europe/Berlin"""
    begins: str | None = Field(default=None, alias="from")
    ends: str | None = Field(default=None, alias="to")
    days: tuple[Day, ...] = DAYS
    cron: str | None = None
    lasts: Annotated[dt.timedelta, BeforeValidator(_span)] | None = Field(default=None, alias="for")
    ics: Path | None = None
    tool: str | None = None
    tier: Tier | None = None
    env: str | None = None
    channel: str | None = None

    @field_validator("tz")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone {value!r}; use an IANA name, as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _is_one_window(self) -> "Freeze":
        ways = [self.begins is not None or self.ends is not None, self.cron is not None, self.ics is not None]
        if sum(ways) != 1:
            raise ValueError("write one window: 'from' and 'to', or 'cron' and 'for', or 'ics'")
        if (self.cron is None) != (self.lasts is None):
            raise ValueError("'cron' and 'for' belong together")
        if self.tool is not None and self.tier is not None:
            raise ValueError("name a tool or a tier, not both")
        _ = self._hours, self._dates, self._trigger, self._calendar  # each says what is wrong with it
        return self

    def until(self, at: float) -> float | None:
        """When the window that `at` is in ends; None outside. Seconds since the epoch."""
        if self._hours is not None:
            return self._hours.until(at)
        if self._dates is not None:
            begins, ends = (one.replace(tzinfo=ZoneInfo(self.tz)).timestamp() for one in self._dates)
            return ends if begins <= at < ends else None
        here = dt.datetime.fromtimestamp(at, ZoneInfo(self.tz))
        if self._trigger is not None and self.lasts is not None:
            return self._fired_until(here, self.lasts)
        return self._event_until(here)

    def _fired_until(self, here: dt.datetime, lasts: dt.timedelta) -> float | None:
        """By the last firing so far, among those that began within a window's length."""
        ends: float | None = None
        fired: dt.datetime | None = self._trigger.get_next_fire_time(None, here - lasts + _SECOND)
        for _ in range(MOST_FIRINGS):
            if fired is None or fired > here:
                break
            ends = (fired + lasts).timestamp()
            fired = self._trigger.get_next_fire_time(fired, fired + _SECOND)
        return ends

    def fits(self, *, tool: str, tier: Tier, env: str, channel: str) -> bool:
        """Whether it is about this kind of call."""
        return (
            self.tool in (None, tool)
            and self.tier in (None, tier)
            and self.env in (None, env)
            and self.channel in (None, channel)
        )

    @cached_property
    def _hours(self) -> Quiet | None:
        if self.begins is None or not _HOURS.fullmatch(self.begins):
            return None
        return Quiet.model_validate({"from": self.begins, "to": self.ends, "tz": self.tz, "days": self.days})

    @cached_property
    def _dates(self) -> tuple[dt.datetime, dt.datetime] | None:
        if self.cron is not None or self.ics is not None or self._hours is not None:
            return None
        begins, ends = _moment(self.begins), _moment(self.ends)
        if begins >= ends:
            raise ValueError(f"'from' {self.begins!r} is not before 'to' {self.ends!r}")
        return begins, ends

    @cached_property
    def _trigger(self) -> Any:
        if self.cron is None:
            return None
        from apscheduler.triggers.cron import CronTrigger  # only where a window is written so

        fields = self.cron.split()
        if len(fields) == 5 and re.search(r"\d", fields[4]):
            raise ValueError(f"{self.cron!r}: write its days by name (mon-fri), numbers mean different days elsewhere")
        try:
            return CronTrigger.from_crontab(self.cron, timezone=ZoneInfo(self.tz))
        except ValueError as error:
            raise ValueError(f"{self.cron!r} is no cron expression ({error})") from None

    @cached_property
    def _calendar(self) -> Any:
        if self.ics is None:
            return None
        from icalendar import Calendar  # only where a window is written so

        try:
            if self.ics.stat().st_size > LARGEST_CALENDAR:
                raise ValueError(f"{str(self.ics)!r} holds more than {LARGEST_CALENDAR:,} bytes")
            return Calendar.from_ical(self.ics.read_bytes())
        except OSError as error:
            raise ValueError(f"{str(self.ics)!r} cannot be read ({error.strerror})") from None

    def _event_until(self, here: dt.datetime) -> float | None:
        import recurring_ical_events  # type: ignore[import-untyped]  # ships none

        ends: list[float] = []
        for event in recurring_ical_events.of(self._calendar).between(here, here + _SECOND):
            if str(event.get("STATUS", "")).upper() != "CANCELLED":
                begin, end = self._instant(event.start), self._instant(event.end)
                ends += [end] if begin <= here.timestamp() < end else []
        return max(ends, default=None)

    def _instant(self, moment: dt.date) -> float:
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time())
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.tz))).timestamp()


def frozen(windows: Sequence[Freeze], at: float, *, tool: str, tier: Tier, env: str, channel: str) -> str:
    """The freeze that holds for this call now, in words with its end; "" when there is none."""
    for window in windows:
        if window.fits(tool=tool, tier=tier, env=env, channel=channel) and (ends := window.until(at)) is not None:
            when = dt.datetime.fromtimestamp(ends, ZoneInfo(window.tz)).strftime("%a %d %b %H:%M")
            return f"change freeze {window.name!r} until {when} ({window.tz})"
    return ""
