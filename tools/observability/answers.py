"""Reading what services answer: pydantic at the border, and one way to say that an answer has another shape."""

from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from tools.contract import ToolFailed
from tools.sources.http_client import HttpRequest, HttpService

Shape = TypeVar("Shape", bound=BaseModel)
SECONDS = 10.0


async def ask(service: HttpService, path: str, query: tuple[tuple[str, str], ...] = ()) -> JsonValue:
    """What the service answers to a GET.

    Raises:
        ToolFailed: nothing of use; nothing changed.
    """
    return await service.send(HttpRequest(method="GET", path=path, query=query), timeout=SECONDS)


def shaped(shape: type[Shape], answer: JsonValue, service: HttpService) -> Shape:
    """The answer as this shape.

    Raises:
        ToolFailed: it is not one.
    """
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        message = f"{service.name!r} answered in another shape: {place}: {first['msg'].lower()}; is the url right?"
        raise ToolFailed(message, effect_possible=False, reason="bad_response") from None
