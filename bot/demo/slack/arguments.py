"""The arguments of one Web API call, whichever way they came: query, form or JSON."""

import json
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.demo.slack.wire import Json, Refused


class Args:
    """Reads arguments by type; a wrong one is refused with Slack's words."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw

    def text(self, name: str) -> str | None:
        """The argument as text; an empty one counts as absent."""
        value = self.raw.get(name)
        return None if value in (None, "") else str(value)

    def need(self, name: str) -> str:
        if (value := self.text(name)) is None:
            raise Refused("invalid_arguments", f"[ERROR] missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        return str(self.raw.get(name, "")).lower() in ("true", "1")

    def number(self, name: str, default: int, *, most: int) -> int:
        value = self.raw.get(name)
        try:
            return min(int(value), most) if value not in (None, "") else default
        except (TypeError, ValueError):
            raise Refused("invalid_arguments", f"[ERROR] {name} must be an integer") from None

    def listing(self, name: str, *, error: str = "invalid_arguments") -> list[object] | None:
        """A JSON array, given as such or as text."""
        value = self._json(name, error)
        if value is not None and not isinstance(value, list):
            raise Refused(error, f"[ERROR] {name} must be an array")
        return value

    def mapping(self, name: str, *, error: str = "invalid_arguments") -> Json | None:
        """A JSON object, given as such or as text."""
        value = self._json(name, error)
        if value is not None and not isinstance(value, dict):
            raise Refused(error, f"[ERROR] {name} must be an object")
        return value

    def _json(self, name: str, error: str) -> object:
        value = self.raw.get(name)
        if not isinstance(value, str) or value == "":
            return None if value == "" else value
        try:
            parsed: object = json.loads(value)
        except ValueError:
            raise Refused(error, f"[ERROR] {name} is not valid JSON") from None
        return parsed


async def read(request: Request) -> Json:
    """Every argument of the request; the body wins over the query.

    Raises: Refused when the body does not parse.
    """
    raw: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "GET":
        return raw
    if kind == "application/json":
        try:
            body = await request.json()
        except ValueError:
            raise Refused("invalid_json") from None
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return {**raw, **body}
    if kind == "application/x-www-form-urlencoded":
        return raw | parse_form(await request.body())
    if kind == "" and not await request.body():
        return raw
    raise Refused("invalid_post_type")


def parse_form(body: bytes) -> Json:
    """A urlencoded body as a mapping."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))
