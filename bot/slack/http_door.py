"""Slack's own doors on our port: signed events, and the two pages of an installation.

Behind POST /slack/events stands the same bolt app as in Socket Mode; the answer is the ack: what came is on disk.
"""

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LARGEST = 2_000_000
"""bytes; Slack's own payloads stay far below"""


def routes(app: AsyncApp, *, events: bool) -> list[Route]:
    """The doors there are: events unless they come by Socket Mode, installing when the app is for many workspaces.

    bolt checks an event's signature and that it is at most five minutes old.
    """
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit()):  # slack_sdk raises on it, which would be a 500
            return JSONResponse({"error": "invalid request"}, status_code=401)
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST:
            return JSONResponse({"error": f"at most {LARGEST:,} bytes, and their number"}, status_code=413)
        return await handler.handle(request)

    flow = app.oauth_flow
    pages = [] if flow is None else [flow.install_path, flow.redirect_uri_path]
    return [
        *([Route("/slack/events", receive, methods=["POST"])] if events else []),
        *(Route(page, handler.handle, methods=["GET"]) for page in pages),
    ]
