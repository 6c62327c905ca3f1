"""A workspace of five, and a small on-call service on a real socket."""

import contextlib
import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.serve import serving
from policy.people import CannotAsk
from policy.types import Actor

TENANT = "T0ACME"
NAMES = ("ana", "dana", "sam", "noor", "kim")


@dataclass
class Workspace:
    """Everybody is an active member; a test takes that away, or silences it."""

    ids: dict[str, str] = field(default_factory=lambda: {f"{n}@acme.example": f"U0{n.upper()}" for n in NAMES})
    groups: dict[str, set[str]] = field(default_factory=dict)
    silent: bool = False
    """nobody is said to be where"""

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        if user_id not in self.ids.values() or tenant != TENANT:
            return None
        mine = frozenset(name for name, people in self.groups.items() if user_id in people)
        return Actor(id=user_id, tenant=tenant, groups=mine)

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        if self.silent:
            raise CannotAsk("slack does not say who is who (ratelimited)")
        return frozenset(self.groups.get(group, ()))

    async def by_email(self, tenant: str, email: str) -> str | None:
        if self.silent:
            raise CannotAsk("slack does not say who is who (ratelimited)")
        return self.ids.get(email)


@dataclass
class OnCallServer:
    """Answers every GET as the test says, and remembers what it was asked."""

    url: str
    answer: Callable[[Request], Any] = lambda _request: Response(status_code=404)
    seen: list[Request] = field(default_factory=list)


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
async def server() -> AsyncIterator[OnCallServer]:
    async with on_call_server() as found:
        yield found


@contextlib.asynccontextmanager
async def on_call_server() -> AsyncIterator[OnCallServer]:
    found = OnCallServer(url="")

    async def handle(request: Request) -> Response:
        found.seen.append(request)
        answer = found.answer(request)
        response: Response = await answer if inspect.isawaitable(answer) else answer
        return response

    async with serving(Starlette(routes=[Route("/{path:path}", handle)]), 0) as url:
        found.url = url
        yield found
