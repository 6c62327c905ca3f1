"""One operation of the API. Routes and the OpenAPI document are both made from these, so they cannot disagree."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.demo.shop.world import World

Handle = Callable[[World, Any], Any]
"""a read gives its answer, a write gives its plan; each operation knows its own argument model"""


class Asked(BaseModel):
    """Base of what an operation takes: path, query and body in one."""

    model_config = ConfigDict(extra="forbid")


class AskNothing(Asked):
    """Of what is asked without a word more."""


class Answered(BaseModel):
    """Base of what an operation gives."""

    model_config = ConfigDict(extra="forbid")


class NotFound(Exception):
    """The thing asked for does not exist; the message names what does."""


class Impossible(Exception):
    """The request is well formed and makes no sense now."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A read: GET, answered by `handle`. A write: planned by `handle`, then applied unless it is a dry run."""

    id: str
    method: str
    path: str
    summary: str
    tag: str
    takes: type[Asked]
    gives: type[Answered]
    handle: Handle
    example: dict[str, object]
    """arguments that make sense"""

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def path_names(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.path))
