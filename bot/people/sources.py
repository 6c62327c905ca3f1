"""The sources that look something up: a rota's file, and the services."""

from dataclasses import dataclass
from datetime import datetime

import yaml
from pydantic import ValidationError

from bot.people.fresh import Watched
from bot.people.pagerduty import Shift, lasting
from bot.people.rota import Rota
from bot.people.service import Service
from bot.people.source import Names, SourceDown
from policy.safe_yaml import safe_yaml


def read_rota(content: bytes) -> Rota:
    """The rota of a file's bytes.

    Raises:
        ValueError: it is none; the message says where.
    """
    try:
        return Rota.model_validate(safe_yaml(content))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"not YAML{f' (line {mark.line + 1})' if mark else ''}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}") from None


@dataclass(frozen=True, kw_only=True)
class RotaSource:
    """A rota's file, read again when it was written again."""

    name: str
    file: Watched[Rota]

    async def names(self, at: datetime) -> Names:
        try:
            return self.file.now().on_shift(at)
        except SourceDown as down:
            raise SourceDown(f"{self.name!r}: {down}") from None


@dataclass(frozen=True, kw_only=True)
class OnCallSource:
    """An on-call service."""

    name: str
    service: Service[tuple[Shift, ...]]

    async def names(self, at: datetime) -> Names:
        try:
            return lasting(await self.service.now(), at)
        except SourceDown as down:
            raise SourceDown(f"{self.name!r} {down}") from None
