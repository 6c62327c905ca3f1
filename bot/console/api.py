"""The HTTP API: read a task, see what waits, ask, vote, halt. In a person's name, by the same rules as in Slack."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.agent.vouching import vouch
from bot.orchestrator.core import Orchestrator
from bot.orchestrator.halting import HaltPress
from bot.orchestrator.requests import Answer, Click, Request, Said
from bot.orchestrator.seeing import Seeing, Viewer
from bot.orchestrator.stepping_up import HERE_ONLY
from policy.people import CannotAsk
from storage import api_tokens, inbox, proposals, steps, tasks
from storage.api_tokens import ApiToken
from storage.db import within
from storage.errors import NotFound
from storage.records import JsonObject, Proposal, Source, Step, StepKind
from tools.errors import SealBroken
from tools.sealing import open_seal

MOST_BYTES = 64 * 1024
RETRY_AFTER = "10"
"""seconds"""
ALL = "admin:read"
"""the scope that reads also what its person could not"""
_STATUS = {
    Said.DONE: 200,
    Said.COUNTED: 200,
    Said.DUPLICATE: 200,
    Said.STEP_UP: 403,
    Said.REFUSED: 403,
    Said.STALE: 409,
    Said.INVALID: 422,
}

BeginThread = Callable[[str, str, str, str], Awaitable[str]]
"""(workspace, channel, person, text) → the ts of the message that begins the thread; "" where they may not write;
raises CannotAsk when Slack does not answer"""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Ask(_Body):
    channel: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=12_000)
    dry_run: bool = False


class _Vote(_Body):
    approve: bool
    reason: str = Field(default="", max_length=2_000)


class _Halt(_Body):
    reason: str = Field(min_length=1, max_length=300)


Shape = TypeVar("Shape", bound=_Body)


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Api:
    """Carries out requests. A token says whose, and in which workspace."""

    orchestrator: Orchestrator
    seeing: Seeing
    begin_thread: BeginThread

    def routes(self) -> list[Route]:
        return [
            self._route("/tasks/{id}", "GET", "read", self._task),
            self._route("/proposals", "GET", "read", self._proposals),
            self._route("/ask", "POST", "ask", self._ask),
            self._route("/proposals/{id}/vote", "POST", "vote", self._vote),
            self._route("/halt", "POST", "admin:halt", self._halt),
            self._route("/lift", "POST", "admin:halt", self._lift),
        ]

    def _route(
        self, path: str, method: str, scope: str, work: Callable[[HttpRequest, ApiToken], Awaitable[Response]]
    ) -> Route:
        async def answer(request: HttpRequest) -> Response:
            try:
                token = await self._token(request, scope)
                with within(token.tenant):
                    return await work(request, token)
            except _Refused as refused:
                headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
                return JSONResponse({"error": str(refused)}, status_code=refused.status, headers=headers)
            except CannotAsk as error:
                said = f"nothing was done, because {error}; send it again"
                return JSONResponse({"error": said}, status_code=503, headers={"Retry-After": RETRY_AFTER})

        return Route(f"/api/v1{path}", answer, methods=[method])

    async def _token(self, request: HttpRequest, scope: str) -> ApiToken:
        """Whose request it is: the token, and that its person is still one of us."""
        word, _, text = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "bearer" or not text:
            raise _Refused(401, "send a token: 'Authorization: Bearer oap_…'; make one with 'autopilot token create'")
        async with self.orchestrator.db.read() as tx:
            token = await api_tokens.find(tx, text.strip())
        if token is None:
            raise _Refused(401, "this token is unknown, expired or revoked")
        if scope not in token.scopes and not (scope == "read" and ALL in token.scopes):
            raise _Refused(403, f"this token may not {scope}; it may: {', '.join(token.scopes)}")
        actor = await self.orchestrator.people.actor(token.tenant, token.person)
        if actor is None or actor.is_bot:
            raise _Refused(403, "the person of this token is no active member of this workspace any more")
        return token

    async def _task(self, request: HttpRequest, token: ApiToken) -> Response:
        async with self.orchestrator.db.read() as tx:
            try:
                task = await tasks.get(tx, token.tenant, request.path_params["id"])
            except NotFound:
                raise _Refused(404, "no such task") from None
            found = await steps.of_task(tx, task)
            said = [str(s.body.get("text", "")) for s in found if s.kind is StepKind.SAID]
            waiting = await proposals.of_task(tx, token.tenant, task.id)
        viewer = await self._viewer(token)
        if not await viewer.sees(task, decides=viewer.decides(waiting)):
            raise _Refused(404, "no such task")  # not even that it is there
        return JSONResponse(
            {
                "id": task.id,
                "title": task.title,
                "state": task.state.value,
                "reason": task.reason,
                "requester": task.requester,
                "channel": task.channel,
                "thread_ts": task.thread_ts,
                "created_at": task.created_at,
                "finished_at": task.finished_at,
                "said": said,
                "checked": self._checked(found),
                "proposals": [_shown(one) for one in waiting],
            }
        )

    def _checked(self, found: list[Step]) -> dict[str, object] | None:
        """What of a model's answer stands in results, and what was changed; None where no model answered."""
        gateway = self.orchestrator.gateway
        known = vouch(found, gateway.registry.tier, gateway.clean)
        if known is None:
            return None
        changes = {"held": known.held, "not_confirmed": known.unsure}
        return {"results": known.results, "found": known.found, "own": known.own, "changes": changes}

    async def _proposals(self, _request: HttpRequest, token: ApiToken) -> Response:
        async with self.orchestrator.db.read() as tx:
            waiting = await proposals.open_ones(tx, token.tenant)
        viewer = await self._viewer(token)
        return JSONResponse({"proposals": [_shown(one) for one in waiting if await viewer.sees_change(one)]})

    async def _viewer(self, token: ApiToken) -> Viewer:
        return await self.seeing.viewer(token.tenant, token.person, everything=ALL in token.scopes)

    async def _ask(self, request: HttpRequest, token: ApiToken) -> Response:
        asked = await _read(request, _Ask)
        key = _key(request, token)
        async with self.orchestrator.db.write() as tx:
            if not await inbox.first_time(tx, token.tenant, key, "api"):
                raise _Refused(409, "this Idempotency-Key was used before")
            await api_tokens.used(tx, token, "ask")
        try:
            ts = await self.begin_thread(token.tenant, asked.channel, token.person, asked.text)
        except CannotAsk:
            async with self.orchestrator.db.write() as tx:
                await inbox.forget(tx, [(token.tenant, key)])  # so that it can be sent again under the same name
            raise
        if not ts:
            raise _Refused(403, "the token's person or the bot is not in this channel")
        task = await self.orchestrator.submit(
            Request(
                tenant=token.tenant,
                source=Source.COMMAND,  # of a person, like the command: their limits, and still one of us when judged
                channel=asked.channel,
                thread_ts=ts,
                request_ts=ts,
                requester=token.person,
                requester_team=token.tenant,
                text=asked.text,
                keys=(f"ask:{key}",),
                dry_run=asked.dry_run,
            )
        )
        return JSONResponse({"task": task.id if task else None}, status_code=202)

    async def _vote(self, request: HttpRequest, token: ApiToken) -> Response:
        vote = await _read(request, _Vote)
        async with self.orchestrator.db.write() as tx:
            await api_tokens.used(tx, token, f"vote on {request.path_params['id'][:64]}")
        click = Click(
            tenant=token.tenant,
            proposal_id=request.path_params["id"],
            who=token.person,
            key=_key(request, token),
        )
        if vote.approve:
            return _said(await self.orchestrator.approve(click))
        return _said(await self.orchestrator.reject(click, vote.reason))

    async def _halt(self, request: HttpRequest, token: ApiToken) -> Response:
        return _said(await self.orchestrator.halt(await self._press(request, token, "halt")))

    async def _lift(self, request: HttpRequest, token: ApiToken) -> Response:
        return _said(await self.orchestrator.lift(await self._press(request, token, "lift")))

    async def _press(self, request: HttpRequest, token: ApiToken, what: str) -> HaltPress:
        asked = await _read(request, _Halt)
        async with self.orchestrator.db.write() as tx:
            await api_tokens.used(tx, token, what)
        return HaltPress(tenant=token.tenant, who=token.person, reason=asked.reason, channel="")


def _key(request: HttpRequest, token: ApiToken) -> str:
    given = request.headers.get("idempotency-key", "")[:200]
    if not given:
        raise _Refused(400, "send an Idempotency-Key header, so that a request that is sent twice counts once")
    return f"api:{token.id}:{given}"


async def _read(request: HttpRequest, shape: type[Shape]) -> Shape:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _Refused(413, f"at most {MOST_BYTES} bytes")
    try:
        return shape.model_validate(json.loads(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _Refused(422, f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
    except (ValueError, RecursionError):
        raise _Refused(400, "the body is not JSON") from None


def _said(answer: Answer) -> Response:
    # The link is for the person in Slack; a token in their name does not get to see it.
    message = HERE_ONLY if answer.said is Said.STEP_UP else answer.message
    body = {"said": answer.said.value, "message": message, "hint": answer.hint}
    return JSONResponse(body, status_code=_STATUS[answer.said])


def _shown(one: Proposal) -> JsonObject:
    """A proposal as its sealed bytes say it."""
    try:
        sealed = open_seal(one)
    except SealBroken as error:
        return {"id": one.id, "state": one.state.value, "error": str(error)}
    return {
        "id": one.id,
        "task": one.task_id,
        "state": one.state.value,
        "says": sealed.says,
        "tool": sealed.tool,
        "env": sealed.env,
        "arguments": dict(sealed.arguments),
        "risk": sealed.risk,
        "needs": [{"count": o.count, "group": o.group, "second_factor": o.step_up.value} for o in sealed.obligations],
        "expires_at": one.expires_at,
        "outcome": one.outcome,
    }
