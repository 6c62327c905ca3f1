"""The reference hub over HTTP: the contract of docs/inbox-worker.md, with a bearer token, in memory."""

import hmac
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.hub.document import openapi_document
from bot.demo.hub.messages import Conflict, Mailbox, Unknown
from bot.demo.hub.shapes import Done, MessageOut, Problem, ProgressIn, ReadIn, ReplyIn, UnreadOut

BODY_MAX = 64 * 1024
MOST = 100
Shape = TypeVar("Shape", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Response]]


class Unreadable(Exception):
    """The request cannot be read; the message says what is wrong."""


def create_app(mailbox: Mailbox, *, token: str) -> Starlette:
    """The hub on this mailbox."""
    document = openapi_document()

    async def unread(request: Request) -> Response:
        query = request.query_params
        wanted = query.get("limit", str(MOST))
        if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST:
            raise Unreadable(f"limit is {wanted[:20]!r}; give 1 to {MOST}")
        if "id" in query:
            one = mailbox.messages.get(query["id"])
            return _give(UnreadOut(messages=[MessageOut.of(one)] if one and one.unread else [], next=None))
        page, following = mailbox.unread(after=query.get("after", ""), limit=int(wanted))
        return _give(UnreadOut(messages=[MessageOut.of(one) for one in page], next=following))

    async def reply(request: Request) -> Response:
        asked = await _take(request, ReplyIn)
        return _write(request, what=asked.kind, text=asked.text, version=asked.version)

    async def progress(request: Request) -> Response:
        asked = await _take(request, ProgressIn)
        return _write(request, what="progress", text=asked.text, version=asked.version)

    async def read(request: Request) -> Response:
        asked = await _take(request, ReadIn)
        return _write(request, what="read", text="", version=asked.version)

    def _write(request: Request, *, what: str, text: str, version: str) -> Response:
        key = request.headers.get("idempotency-key", "")
        if not 16 <= len(key) <= 200:
            raise Unreadable("give an idempotency-key of 16 to 200 characters")
        effect = mailbox.write(request.path_params["id"], what=what, text=text, version=version, key=key)
        return _give(Done(id=effect.id))

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    return Starlette(
        routes=[
            Route("/v1/unread", _guarded(unread, token)),
            Route("/v1/messages/{id}/reply", _guarded(reply, token), methods=["POST"]),
            Route("/v1/messages/{id}/progress", _guarded(progress, token), methods=["POST"]),
            Route("/v1/messages/{id}/read", _guarded(read, token), methods=["POST"]),
            Route("/openapi.json", openapi),
        ]
    )


def _guarded(handler: Handler, token: str) -> Handler:
    async def answer(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return _problem(401, "unauthorised", "send the header authorization: Bearer <the hub's token>")
        try:
            return await handler(request)
        except Unknown as error:
            return _problem(404, "not_found", str(error))
        except Conflict as error:
            return _problem(409, "conflict", str(error))
        except Unreadable as error:
            return _problem(422, "unprocessable", str(error))

    return answer


async def _take(request: Request, shape: type[Shape]) -> Shape:
    raw = await request.body()
    if len(raw) > BODY_MAX:
        raise Unreadable(f"the body is longer than {BODY_MAX} bytes")
    try:
        return shape.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Unreadable(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['msg'].lower()}") from None


def _give(model: BaseModel) -> Response:
    return JSONResponse(model.model_dump(mode="json", by_alias=True))


def _problem(status: int, error: str, detail: str) -> Response:
    return JSONResponse(Problem(error=error, detail=detail).model_dump(), status_code=status)
