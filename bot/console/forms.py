"""What the console's pages with forms share: reading one field, and saying what became of it."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from bot.console.pages import form_page
from bot.orchestrator.requests import Answer, Said

MOST_BYTES = 4_096
ELSEWHERE = Answer(said=Said.REFUSED, message="this was not sent from our page; open the link again")
_STATUS = {
    Said.DONE: 200,
    Said.COUNTED: 200,
    Said.DUPLICATE: 409,
    Said.STALE: 409,
    Said.INVALID: 422,
    Said.REFUSED: 403,
    Said.STEP_UP: 403,
}


async def field(request: Request, name: str) -> str:
    """One field of the form that was sent; "" when it is not there, or the form is larger than any of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace"), max_num_fields=20).get(name, [""])[0]


def said(answer: Answer, page: str) -> Response:
    """The page that says what became of it, with the status that fits."""
    done = answer.said in (Said.DONE, Said.COUNTED)
    message = answer.message[:1].upper() + answer.message[1:]
    hint = answer.hint[:1].upper() + answer.hint[1:]
    return form_page(page, status=_STATUS[answer.said], done=done, message=message, hint=hint)
