"""From the groups file to a Roster: every source built once, its token taken from the environment."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bot.people import file as groups_file
from bot.people.file import (
    VARIABLE,
    AnyOfOptions,
    CalendarOptions,
    FirstOfOptions,
    GroupsFile,
    OpsgenieOptions,
    PagerDutyOptions,
    SourceOptions,
    check_address,
)
from bot.people.fresh import Fresh, Watched
from bot.people.ical import CalendarSource, parse
from bot.people.listed import Directory, Listed, SlackGroup
from bot.people.opsgenie import Opsgenie
from bot.people.pagerduty import PagerDuty, Shift
from bot.people.roster import AnyOf, FirstOf, OneOf, Roster, Wanted
from bot.people.service import Endpoint, Service
from bot.people.source import Source, SourceDown
from bot.people.sources import OnCallSource, RotaSource, read_rota
from bot.settings import BadSettings

if TYPE_CHECKING:
    from icalendar import Calendar


class Builder:
    """Builds sources; relative paths are meant beside the groups file."""

    def __init__(
        self,
        folder: Path,
        environ: Mapping[str, str],
        client: httpx.AsyncClient,
        directory: Directory,
        tenant: str,
    ) -> None:
        self._folder, self._environ, self._client = folder, environ, client
        self._directory, self._tenant = directory, tenant

    def source(self, name: str, options: SourceOptions) -> Source:
        """One source of the file.

        Raises:
            BadSettings: a variable is not set, or an address may not be used.
        """
        if options.people is not None:
            return Listed(people=frozenset(options.people))
        if options.slack:
            return SlackGroup(directory=self._directory, tenant=self._tenant, handle=options.slack.lstrip("@"))
        if options.rota is not None:
            return RotaSource(name=name, file=Watched(file=self._folder / options.rota, read=read_rota))
        if options.ical is not None:
            return self._calendar(name, options.ical)
        if options.pagerduty is not None:
            return self._pagerduty(name, options.pagerduty)
        assert options.opsgenie is not None
        return self._opsgenie(name, options.opsgenie)

    def _calendar(self, name: str, options: CalendarOptions) -> Source:
        people = dict(options.people)
        if options.file is not None:
            watched = Watched(file=self._folder / options.file, read=parse)
            return CalendarSource(name=name, calendar=watched, zone=options.time_zone, people=people)
        url = check_address(name, options.url or self._secret(name, options.url_env))
        headers = {"Authorization": f"Bearer {self._secret(name, options.token_env)}"} if options.token_env else {}
        endpoint = Endpoint(name=name, base=url, client=self._client, headers=headers, timeout=options.timeout_seconds)

        async def ask() -> "Calendar":
            try:
                return parse(await endpoint.text())
            except ValueError as error:
                raise SourceDown(str(error)) from None

        service = Service(fresh=Fresh(seconds=options.cache_seconds), ask=ask)
        return CalendarSource(name=name, calendar=service, zone=options.time_zone, people=people)

    def _pagerduty(self, name: str, options: PagerDutyOptions) -> Source:
        endpoint = Endpoint(
            name=name,
            base=check_address(name, options.url),
            client=self._client,
            headers={
                "Authorization": f"Token token={self._secret(name, options.token_env)}",
                "Accept": "application/vnd.pagerduty+json;version=2",
            },
            timeout=options.timeout_seconds,
        )
        service = PagerDuty(
            endpoint=endpoint,
            schedules=options.schedules,
            escalation_policies=options.escalation_policies,
            levels=options.levels,
        )
        fresh: Fresh[tuple[Shift, ...]] = Fresh(seconds=options.cache_seconds)
        return OnCallSource(name=name, service=Service(fresh=fresh, ask=service.shifts))

    def _opsgenie(self, name: str, options: OpsgenieOptions) -> Source:
        endpoint = Endpoint(
            name=name,
            base=check_address(name, options.url),
            client=self._client,
            headers={"Authorization": f"GenieKey {self._secret(name, options.token_env)}"},
            timeout=options.timeout_seconds,
        )
        service = Opsgenie(endpoint=endpoint, schedule=options.schedule, by=options.by)
        fresh: Fresh[tuple[Shift, ...]] = Fresh(seconds=options.cache_seconds)
        return OnCallSource(name=name, service=Service(fresh=fresh, ask=service.shifts))

    def _secret(self, name: str, variable: str) -> str:
        value = self._environ.get(variable, "").strip()
        if not value or not value.isascii() or any(c.isspace() for c in value):
            raise BadSettings(f"{VARIABLE}: source {name!r} needs {variable!r}, which is not set; export it")
        return value


def _wanted(wanted: groups_file.Wanted) -> Wanted:
    match wanted:
        case str():
            return OneOf(source=wanted)
        case FirstOfOptions(first_of=parts):
            return FirstOf(parts=tuple(map(_wanted, parts)))
        case AnyOfOptions(any_of=parts):
            return AnyOf(parts=tuple(map(_wanted, parts)))


def build(
    file: Path,
    *,
    environ: Mapping[str, str],
    client: httpx.AsyncClient,
    directory: Directory,
    tenant: str,
    clock: Callable[[], datetime] | None = None,
) -> Roster:
    """The people of a workspace by a groups file. Nothing is asked yet.

    Raises:
        BadSettings: the file or something it names cannot be used.
    """
    found: GroupsFile = groups_file.load(file)
    builder = Builder(file.parent, environ, client, directory, tenant)
    roster = Roster(
        directory=directory,
        sources={name: builder.source(name, options) for name, options in found.sources.items()},
        groups={name: _wanted(wanted) for name, wanted in found.groups.items()},
    )
    if clock is None:
        return roster
    return Roster(directory=directory, sources=roster.sources, groups=roster.groups, clock=clock)
