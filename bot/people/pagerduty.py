"""PagerDuty's `GET /oncalls`, and whatever answers like it: who is on call for schedules or escalation policies."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ValidationError

from bot.people.service import Endpoint
from bot.people.source import Names, SourceDown, is_email

PAGE = 100
MOST_PAGES = 20


class _User(BaseModel):
    email: str = ""


class _OnCall(BaseModel):
    user: _User
    escalation_level: int = 1
    start: datetime | None = None
    end: datetime | None = None


class _Page(BaseModel):
    oncalls: list[_OnCall]
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person's time on call; open ends are None."""

    email: str
    start: datetime | None
    end: datetime | None

    def lasts(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True, kw_only=True)
class PagerDuty:
    """Asks for the people on call; see https://developer.pagerduty.com/api-reference (List all of the on-calls)."""

    endpoint: Endpoint
    schedules: tuple[str, ...]
    escalation_policies: tuple[str, ...]
    levels: tuple[int, ...]
    """of the escalation; () takes everybody"""

    async def shifts(self) -> tuple[Shift, ...]:
        """Everybody on call about now, of all pages.

        Raises:
            SourceDown: the service did not give all of them.
        """
        wanted = [("schedule_ids[]", one) for one in self.schedules]
        wanted += [("escalation_policy_ids[]", one) for one in self.escalation_policies]
        found: list[Shift] = []
        for number in range(MOST_PAGES):
            paging = [("limit", str(PAGE)), ("offset", str(len(found) if number else 0))]
            answer = await self.endpoint.json("/oncalls", [*wanted, ("include[]", "users"), *paging])
            try:
                page = _Page.model_validate(answer)
            except ValidationError:
                raise SourceDown("did not answer with on-calls; check url") from None
            found += [self._shift(one) for one in page.oncalls]
            if not page.more or not page.oncalls:
                return tuple(shift for shift in found if shift.email)
        raise SourceDown(f"has more than {MOST_PAGES} pages of on-calls; name fewer schedules")

    def _shift(self, one: _OnCall) -> Shift:
        if not is_email(one.user.email):
            raise SourceDown("does not say the e-mail address of who is on call")
        wanted = not self.levels or one.escalation_level in self.levels
        return Shift(email=one.user.email.lower() if wanted else "", start=one.start, end=one.end)


def lasting(shifts: tuple[Shift, ...], at: datetime) -> Names:
    """Who of them is on call at this moment; a kept answer does not outlive the shifts in it."""
    return frozenset(shift.email for shift in shifts if shift.lasts(at))
