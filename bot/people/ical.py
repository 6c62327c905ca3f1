"""Who is on call by a calendar: the attendees of what takes place now; recurring events and exceptions included."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.people.fresh import Watched
from bot.people.service import Service
from bot.people.source import Names, SourceDown

if TYPE_CHECKING:
    from icalendar import Calendar, Event

_ADDRESS = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
PATIENCE = 2.0
"""seconds for working out which events recur now; a calendar can be written so that this takes for ever"""


def parse(content: bytes) -> "Calendar":
    """The calendar of a file's bytes.

    Raises:
        ValueError: it is none.
    """
    from icalendar import Calendar

    try:
        found = Calendar.from_ical(content)
    except (ValueError, IndexError, KeyError) as error:
        raise ValueError(f"not an iCalendar ({str(error)[:100]})") from None
    if not isinstance(found, Calendar):
        raise ValueError("not an iCalendar (no VCALENDAR)")
    return found


def on_call(calendar: "Calendar", at: datetime, *, zone: str, people: Mapping[str, str]) -> Names:
    """Everybody whom the events of this moment name. Events without a time zone are meant in `zone`.

    An event names its attendees; without any, the addresses in its title, or the person of `people` with that title.
    """
    import recurring_ical_events  # type: ignore[import-untyped]  # ships none

    here = at.astimezone(ZoneInfo(zone))
    found: set[str] = set()
    for event in recurring_ical_events.of(calendar).between(here, here + timedelta(seconds=1)):
        begins, ends = _instant(event.start, zone), _instant(event.end, zone)
        if begins <= at < ends and str(event.get("STATUS", "")).upper() != "CANCELLED":
            found |= _named(event, people)
    return frozenset(found)


def _instant(moment: date | datetime, zone: str) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _named(event: "Event", people: Mapping[str, str]) -> set[str]:
    attendees = event.get("ATTENDEE", [])
    addresses = set()
    for one in attendees if isinstance(attendees, list) else [attendees]:
        away = str(one.params.get("PARTSTAT", "")).upper() == "DECLINED"
        if str(one).lower().startswith("mailto:") and not away:
            addresses.add(str(one)[len("mailto:") :].strip().lower())
    if attendees:
        return addresses
    title = str(event.get("SUMMARY", ""))
    by_title = {found.lower() for found in _ADDRESS.findall(title)}
    known = {name.casefold(): person for name, person in people.items()}
    if not by_title and (person := known.get(title.strip().casefold())):
        by_title = {person}
    return by_title


@dataclass(frozen=True, kw_only=True)
class CalendarSource:
    """A calendar from a file or an address."""

    name: str
    calendar: "Watched[Calendar] | Service[Calendar]"
    zone: str
    people: Mapping[str, str]

    async def names(self, at: datetime) -> Names:
        try:
            if isinstance(self.calendar, Watched):
                calendar = self.calendar.now()
            else:
                calendar = await self.calendar.now()
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(on_call, calendar, at, zone=self.zone, people=self.people)
        except TimeoutError:
            raise SourceDown(f"{self.name!r}: its calendar takes more than {PATIENCE:g} s to work out") from None
        except SourceDown as down:
            raise SourceDown(f"{self.name!r}: {down}") from None
        except Exception as error:  # a calendar is others' text, and the libraries that read it break in many ways
            raise SourceDown(f"{self.name!r}: its calendar cannot be read ({type(error).__name__})") from None
