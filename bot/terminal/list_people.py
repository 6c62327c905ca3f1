"""People from a YAML file, for work without Slack: `people: {ana: [operators, sre]}`. One file is one answer."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.settings import BadSettings
from policy.safe_yaml import safe_yaml
from policy.types import Actor

TENANT = "local"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    people: dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ListPeople:
    """The People of a list: whoever is not in it is nobody."""

    groups_of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        groups = self.groups_of.get(user_id)
        if groups is None or tenant != TENANT:
            return None
        return Actor(id=user_id, tenant=tenant, groups=groups)

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        if tenant != TENANT:
            return frozenset()
        return frozenset(user for user, groups in self.groups_of.items() if group in groups)


def current_user() -> str:
    """The name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"  # a container without a passwd entry


def load(file: Path | None, *, otherwise: str) -> ListPeople:
    """The people of the file; without one, `otherwise` alone, in no group.

    Raises:
        BadSettings: the file cannot be read or is no such list.
    """
    if file is None:
        return ListPeople(groups_of={otherwise: frozenset()})
    try:
        found = _File.model_validate(safe_yaml(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadSettings(
            f"AUTOPILOT_PEOPLE_FILE: cannot read {str(file)!r}: {error.strerror}; check the path"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise BadSettings(f"AUTOPILOT_PEOPLE_FILE: {str(file)!r} is not YAML; write 'people: {{ana: [sre]}}'") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "file"
        raise BadSettings(
            f"AUTOPILOT_PEOPLE_FILE: {file}: {place}: {first['msg'].lower()}; write 'people: {{ana: [sre]}}'"
        ) from None
    return ListPeople(groups_of={user: frozenset(groups) for user, groups in found.people.items()})
