"""The shop's API over HTTP: one route for each operation."""

import hmac
import json
from collections.abc import Awaitable, Callable
from functools import cache

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.shop import reads_changes, reads_health, reads_social, reads_state, writes
from bot.demo.shop.clock import Clock, iso
from bot.demo.shop.document import Json, openapi_document
from bot.demo.shop.effects import Effect, KeyReused
from bot.demo.shop.operation import Asked, Impossible, NotFound, Operation
from bot.demo.shop.product.operations import PRODUCT
from bot.demo.shop.shapes import EffectOut
from bot.demo.shop.world import World
from bot.demo.shop.writes import Plan

OPERATIONS: tuple[Operation, ...] = (
    *reads_health.READS,
    *reads_changes.READS,
    *reads_state.READS,
    *reads_social.READS,
    *writes.WRITES,
)
BODY_MAX = 64 * 1024


class Unauthorised(Exception):
    """A write without the shop's token."""


class BadRequest(Exception):
    """The request cannot be read."""


def routes(world: World, *, clock: Clock, token: str) -> list[Route]:
    """Every operation, and the documents that describe them."""
    made = [
        Route(operation.path, _endpoint(operation, world, clock, token), methods=[operation.method])
        for operation in (*OPERATIONS, *PRODUCT)
    ]
    documents = [("/openapi.json", shop_document), ("/product/openapi.json", product_document)]
    return [*(Route(path, _document(make)) for path, make in documents), *made]


def shop_document() -> Json:
    """The shop's own operations."""
    about = "Operations of a small shop: health, flags, throttles, posts and a pipeline."
    return openapi_document(OPERATIONS, title="Sample shop", about=about)


def product_document() -> Json:
    """The product operations, which another product can answer as well."""
    about = "What operators of a product look at and do: members, content, queues, dashboards, traces, campaigns."
    return openapi_document(PRODUCT, title="Product operations", about=about)


def _document(make: Callable[[], Json]) -> Callable[[Request], Awaitable[Response]]:
    async def openapi(_: Request) -> Response:
        return Response(_rendered(make), media_type="application/json")

    return openapi


@cache
def _rendered(make: Callable[[], Json]) -> bytes:
    """Made when it is first asked for: pydantic's schemas of all operations take a tenth of a second."""
    return bytes(JSONResponse(make()).body)


def _endpoint(operation: Operation, world: World, clock: Clock, token: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        world.advance(clock())
        try:
            if operation.writes:
                return await _write(operation, world, request, token)
            asked = operation.takes.model_validate_strings({**request.path_params, **request.query_params})
            return JSONResponse(operation.handle(world, asked).model_dump(mode="json"))
        except Unauthorised as error:
            return problem(401, str(error))
        except NotFound as error:
            return problem(404, str(error))
        except KeyReused as error:
            return problem(409, str(error))
        except (Impossible, BadRequest) as error:
            return problem(422, str(error))
        except ValidationError as error:
            first = error.errors()[0]
            return problem(422, f"{'.'.join(map(str, first['loc'])) or 'request'}: {first['msg'].lower()}")

    return answer


async def _write(operation: Operation, world: World, request: Request, token: str) -> Response:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Unauthorised("writes need the header authorization: Bearer <the shop's token>")
    asked = operation.takes.model_validate({**await _body(request), **request.path_params})
    dry_run = request.query_params.get("dry_run", "false")
    if dry_run not in {"true", "false"}:
        # A misspelt dry_run must never become a real write.
        raise BadRequest(f"dry_run is {dry_run!r}; write true or false")
    if dry_run == "true":
        plan: Plan = operation.handle(world, asked)
        return JSONResponse(plan.out().model_dump(mode="json"))
    answer, replayed = world.effects.once(
        key=request.headers.get("idempotency-key", ""),
        operation=operation.id,
        arguments=asked.model_dump_json(),
        at=world.at,
        do=lambda effect: _apply(operation, world, asked, effect),
    )
    headers = {"idempotent-replayed": "true"} if replayed else {}
    return Response(answer, media_type="application/json", headers=headers)


def _apply(operation: Operation, world: World, asked: Asked, effect: Effect) -> str:
    plan: Plan = operation.handle(world, asked)
    plan.apply()
    out = plan.out().model_copy(update={"dry_run": False, "effect": EffectOut(id=effect.id, at=iso(effect.at))})
    return out.model_dump_json()


async def _body(request: Request) -> dict[str, object]:
    if int(request.headers.get("content-length") or 0) > BODY_MAX:
        raise BadRequest(f"the body is longer than {BODY_MAX} bytes")
    raw = await request.body()
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def problem(status: int, detail: str) -> JSONResponse:
    """An error as every client of the shop reads it."""
    words = {401: "unauthorised", 404: "not_found", 409: "conflict", 422: "unprocessable"}
    return JSONResponse({"error": words.get(status, "error"), "detail": detail}, status_code=status)
