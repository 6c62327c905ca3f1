"""The page behind a step-up link: shows exactly what is approved, takes the second factor, and says what became of it.

    GET  /step-up/<token>            the sealed call, and the ways to prove a factor; opening it changes nothing
    POST /step-up/<token>            a code of the authenticator app
    POST /step-up/<token>/oidc       off to the provider, with a cookie that ties the way back to this browser
    GET  /step-up/oidc/callback      back from it

Forms count only when they were sent from our own page, so nobody approves without having had it before their eyes.
"""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.forms import ELSEWHERE, field
from bot.console.forms import said as said_on
from bot.console.pages import form_page
from bot.factors.keys import Keys
from bot.factors.oidc import OidcRefused, Trip
from bot.orchestrator.proving import UNKNOWN, Proving
from bot.orchestrator.requests import Answer, Said
from bot.orchestrator.show import Showroom
from policy.people import CannotAsk
from storage import factors
from storage.db import within
from storage.errors import NotFound
from storage.step_ups import StepUpLink
from tools.errors import SealBroken

COOKIE = "step_up"
_LOST = Answer(said=Said.STALE, message="this way back belongs to no attempt of this browser; press Approve in Slack")


@dataclass(frozen=True, kw_only=True)
class StepUpDoor:
    """Translates between browsers and `Proving`, which decides."""

    proving: Proving
    showroom: Showroom
    name_of: Callable[[str, str], Awaitable[str]]
    """(tenant, id) → what people call them"""

    def routes(self) -> list[Route]:
        return [
            Route("/step-up/oidc/callback", self.back, methods=["GET"]),
            Route("/step-up/{token}", self.show, methods=["GET"]),
            Route("/step-up/{token}", self.code, methods=["POST"]),
            Route("/step-up/{token}/oidc", self.leave, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The sealed call and the form, or why there is nothing to prove any more."""
        token = request.path_params["token"]
        link = await self.proving.link_of(token)
        if link is None:
            return _said(UNKNOWN)
        over = await self.proving.over(link)
        return _said(over) if over is not None else await self._form(link)

    async def code(self, request: Request) -> Response:
        """Approve with a code."""
        if not self._ours(request):
            return _said(ELSEWHERE)
        token = request.path_params["token"]
        answer = await self.proving.by_code(token, await field(request, "code"))
        link = await self.proving.link_of(token) if answer.said is Said.INVALID else None
        if link is not None and await self.proving.over(link) is None:
            return await self._form(link, wrong=answer.message)
        return _said(answer)

    async def leave(self, request: Request) -> Response:
        """To the provider. Everything the way back is checked against is made from the cookie and our key."""
        token, oidc = request.path_params["token"], self.proving.means.oidc
        if not self._ours(request):
            return _said(ELSEWHERE)
        link = await self.proving.link_of(token)
        if link is None or oidc is None:
            return _said(UNKNOWN)
        if (over := await self.proving.over(link)) is not None:
            return _said(over)
        cookie = f"{token}.{secrets.token_urlsafe(32)}"
        try:
            address = await oidc.address(self._trip(cookie, self.proving.means.keys))
        except OidcRefused as error:
            return _said(Answer(said=Said.INVALID, message=str(error)))
        leaving = RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
        console = urlsplit(self.proving.means.console)
        leaving.set_cookie(
            COOKIE,
            cookie,
            max_age=600,
            path=f"{console.path}/step-up",
            secure=console.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return leaving

    async def back(self, request: Request) -> Response:
        """From the provider: the answer must be of the attempt that this browser began on our page."""
        cookie, oidc = request.cookies.get(COOKIE, ""), self.proving.means.oidc
        token = cookie.rpartition(".")[0]
        link = await self.proving.link_of(token) if token else None
        if oidc is None or link is None:
            return _said(_LOST)
        state = request.query_params.get("state", "").encode()
        trips = [self._trip(cookie, keys) for keys in self.proving.means.keys.each()]
        trip = next((one for one in trips if hmac.compare_digest(state, one.state.encode())), None)
        if trip is None:
            return _said(_LOST)
        if (over := await self.proving.over(link)) is not None:
            return _said(over)
        code = request.query_params.get("code", "")
        try:
            if not code:
                raise OidcRefused("the provider did not let you in; nothing was counted")
            address = await oidc.email(code, trip)
        except OidcRefused as error:
            return _said(await self.proving.failed(link, str(error)))
        return _said(await self.proving.by_address(token, address))

    async def _form(self, link: StepUpLink, *, wrong: str = "") -> Response:
        with within(link.tenant):
            return await self._drawn(link, wrong)

    async def _drawn(self, link: StepUpLink, wrong: str) -> Response:
        oidc = self.proving.means.oidc
        try:
            view = await self.showroom.approval(link.tenant, link.proposal_id)
            sealed = await self.showroom.sealed_text(link.tenant, link.proposal_id)
            send_to = await oidc.origin() if oidc is not None else ""
        except (NotFound, SealBroken, CannotAsk, OidcRefused) as error:
            return _said(Answer(said=Said.STALE, message=str(error)))
        async with self.proving.desk.db.read() as tx:
            has_app = await factors.find(tx, link.tenant, link.person) is not None
        calls = [json.loads(line) for line in sealed.splitlines()]
        return form_page(
            "step_up.html",
            send_to=send_to,
            status=422 if wrong else 200,
            view=view,
            link=link,
            person=await self.name_of(link.tenant, link.person),
            requester=await self.name_of(link.tenant, view.requester),
            calls=calls,
            token=self.proving.means.token(link),
            has_app=has_app,
            has_oidc=oidc is not None,
            wrong=wrong[:1].upper() + wrong[1:],
        )

    def _trip(self, cookie: str, keys: Keys) -> Trip:
        return Trip(
            state=keys.sign("state", cookie),
            nonce=keys.sign("nonce", cookie),
            verifier=keys.sign("verifier", cookie),
            redirect=f"{self.proving.means.console}/step-up/oidc/callback",
        )

    def _ours(self, request: Request) -> bool:
        return request.headers.get("origin", "") == self.proving.means.origin


def _said(answer: Answer) -> Response:
    return said_on(answer, "step_up_said.html")
