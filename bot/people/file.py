"""The groups file: which sources there are, and which of them make up each group. See docs/who-may-approve.md."""

from pathlib import Path
from typing import Annotated, Literal, Union

import httpx
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.people.rota import Zone
from bot.people.source import Name
from bot.settings import BadSettings
from policy.safe_yaml import safe_yaml

VARIABLE = "AUTOPILOT_GROUPS_FILE"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Asked(_Strict):
    timeout_seconds: float = Field(default=1.5, gt=0, le=10)
    cache_seconds: float = Field(default=10, ge=0, le=300)


class PagerDutyOptions(_Asked):
    """`GET {url}/oncalls`"""

    url: str = "https://api.pagerduty.com"
    token_env: str
    schedules: Several = ()
    escalation_policies: Several = ()
    levels: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> "PagerDutyOptions":
        if not self.schedules and not self.escalation_policies:
            raise ValueError("name schedules or escalation_policies, else everybody on call anywhere would count")
        return self


class OpsgenieOptions(_Asked):
    """`GET {url}/v2/schedules/{schedule}/on-calls`"""

    url: str = "https://api.opsgenie.com"
    token_env: str
    schedule: str = Field(min_length=1)
    by: Literal["name", "id"] = "name"


class CalendarOptions(_Asked):
    """A file, an address, or the variable that holds a secret address."""

    file: Path | None = None
    url: str = ""
    url_env: str = ""
    token_env: str = ""
    time_zone: Zone = "UTC"
    people: dict[str, Name] = {}

    @model_validator(mode="after")
    def _one_place(self) -> "CalendarOptions":
        if sum(map(bool, (self.file, self.url, self.url_env))) != 1:
            raise ValueError("give one of file, url and url_env")
        return self


class SourceOptions(_Strict):
    """One source; exactly one of these is given."""

    people: tuple[Name, ...] | None = Field(default=None, alias="list")
    slack: str = ""
    rota: Path | None = None
    ical: CalendarOptions | None = None
    pagerduty: PagerDutyOptions | None = None
    opsgenie: OpsgenieOptions | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "SourceOptions":
        given = (self.people is not None, self.slack, self.rota, self.ical, self.pagerduty, self.opsgenie)
        if sum(map(bool, given)) != 1:
            raise ValueError("give one of list, slack, rota, ical, pagerduty and opsgenie")
        return self


class FirstOfOptions(_Strict):
    first_of: tuple["Wanted", ...] = Field(min_length=1)


class AnyOfOptions(_Strict):
    any_of: tuple["Wanted", ...] = Field(min_length=1)


Wanted = Union[str, FirstOfOptions, AnyOfOptions]  # noqa: UP007  # it names itself


class GroupsFile(_Strict):
    """The file as people write it."""

    sources: dict[str, SourceOptions]
    groups: dict[str, Wanted]

    @field_validator("sources", "groups", mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: object) -> object:
        return {} if value is None else value

    @model_validator(mode="after")
    def _known_sources(self) -> "GroupsFile":
        for group, wanted in self.groups.items():
            for name in named(wanted):
                if name not in self.sources:
                    known = ", ".join(sorted(self.sources)) or "none"
                    raise ValueError(f"group {group!r} names source {name!r}, which is not there; known: {known}")
        return self


def named(wanted: Wanted) -> tuple[str, ...]:
    """The sources a group is made of."""
    match wanted:
        case str():
            return (wanted,)
        case FirstOfOptions(first_of=parts) | AnyOfOptions(any_of=parts):
            return tuple(name for part in parts for name in named(part))


def load(file: Path) -> GroupsFile:
    """The groups file, checked.

    Raises:
        BadSettings: it cannot be read, or does not say what a groups file says.
    """
    try:
        return GroupsFile.model_validate(safe_yaml(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadSettings(f"{VARIABLE}: cannot read {str(file)!r}: {error.strerror}; check the path") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise BadSettings(f"{VARIABLE}: {str(file)!r} is not YAML{where}; see docs/who-may-approve.md") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "file"
        raise BadSettings(f"{VARIABLE}: {file}: {place}: {first['msg']}; see docs/who-may-approve.md") from None


def check_address(source: str, url: str) -> str:
    """The address, when a token may be sent there.

    Raises:
        BadSettings: it is not https, nor on this machine.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme == "https" or (parsed.scheme == "http" and parsed.host in _LOOPBACK):
        return url
    raise BadSettings(f"{VARIABLE}: source {source!r}: its url must begin with https:// (http:// only on loopback)")
