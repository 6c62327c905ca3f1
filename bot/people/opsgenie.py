"""Opsgenie's `GET /v2/schedules/{id}/on-calls`, and whatever answers like it."""

from dataclasses import dataclass
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field, ValidationError

from bot.people.pagerduty import MOST_PAGES, Shift
from bot.people.service import Endpoint
from bot.people.source import SourceDown, is_email


class _Data(BaseModel):
    recipients: list[str] = Field(alias="onCallRecipients")


class _Paging(BaseModel):
    next: str = ""


class _Answer(BaseModel):
    data: _Data
    paging: _Paging = _Paging()


@dataclass(frozen=True, kw_only=True)
class Opsgenie:
    """Asks for the people on call; see https://docs.opsgenie.com/docs/who-is-on-call-api (flat)."""

    endpoint: Endpoint
    schedule: str
    by: str
    """what `schedule` is: name | id"""

    async def shifts(self) -> tuple[Shift, ...]:
        """Everybody on call now, of all pages.

        Raises:
            SourceDown: the service did not give all of them.
        """
        path = f"/v2/schedules/{quote(self.schedule, safe='')}/on-calls"
        query: list[tuple[str, str]] = [("scheduleIdentifierType", self.by), ("flat", "true")]
        found: list[str] = []
        for _ in range(MOST_PAGES):
            try:
                page = _Answer.model_validate(await self.endpoint.json(path, query))
            except ValidationError:
                raise SourceDown("did not answer with on-calls; check url") from None
            found += page.data.recipients
            if not page.paging.next:
                return tuple(Shift(email=_address(one), start=None, end=None) for one in found)
            path, query = self._below(page.paging.next), []
        raise SourceDown(f"has more than {MOST_PAGES} pages of on-calls")

    def _below(self, following: str) -> str:
        """The path of the next page; the token goes to the service's own host and nowhere else."""
        base, there = httpx.URL(self.endpoint.base), httpx.URL(following)
        prefix = base.path.rstrip("/")
        if (there.scheme, there.netloc) != (base.scheme, base.netloc) or not there.path.startswith(f"{prefix}/"):
            raise SourceDown("continues its answer on another host, which is not followed")
        return there.raw_path.decode()[len(prefix) :]


def _address(recipient: str) -> str:
    if not is_email(recipient):
        raise SourceDown("does not say the e-mail address of who is on call")
    return recipient.lower()
