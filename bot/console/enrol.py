"""The page behind an enrolment link: a QR code for an authenticator app, and its first code back.

GET  /enrol/<token>    the QR code, drawn into the page; opening it changes nothing
POST /enrol/<token>    the first code; the person is enrolled
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.console.forms import ELSEWHERE, field, said
from bot.console.pages import form_page
from bot.factors import totp
from bot.factors.enrolling import LIFE, Offer
from bot.orchestrator.enrolling import Enrolling
from bot.orchestrator.requests import Answer, Said


@dataclass(frozen=True, kw_only=True)
class EnrolDoor:
    """Translates between browsers and `Enrolling`, which decides."""

    enrolling: Enrolling
    origin: str
    """where our own pages send their forms from, as a browser says it"""
    name_of: Callable[[str, str], Awaitable[str]]
    """(tenant, id) → what people call them"""

    def routes(self) -> list[Route]:
        return [
            Route("/enrol/{token}", self.show, methods=["GET"]),
            Route("/enrol/{token}", self.take, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The app to take, or why there is none."""
        offered = await self.enrolling.offered(request.path_params["token"])
        return said(offered, "enrol_said.html") if isinstance(offered, Answer) else await self._form(offered)

    async def take(self, request: Request) -> Response:
        """Enrol with the first code."""
        if request.headers.get("origin", "") != self.origin:
            return said(ELSEWHERE, "enrol_said.html")
        token = request.path_params["token"]
        answer = await self.enrolling.take(token, await field(request, "code"))
        offered = await self.enrolling.offered(token) if answer.said is Said.INVALID else None
        if isinstance(offered, Offer):
            return await self._form(offered, wrong=answer.message)
        return said(answer, "enrol_said.html")

    async def _form(self, offer: Offer, *, wrong: str = "") -> Response:
        address = totp.uri(offer.secret, offer.person, offer.tenant)
        return form_page(
            "enrol.html",
            status=422 if wrong else 200,
            person=await self.name_of(offer.tenant, offer.person),
            until=offer.made_at + LIFE,
            drawn=Markup(totp.drawn(address)),  # noqa: S704  drawn from numbers by the library, nobody's text in it
            spaced=" ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
            wrong=wrong[:1].upper() + wrong[1:],
        )
