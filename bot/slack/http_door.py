"""Slack's own doors on our port: signed events, and the two pages of an installation.

Behind POST /slack/events stands the same bolt app as in Socket Mode; the answer is the ack: what came is on disk.
"""

from opentelemetry import metrics
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.slack.signatures import SigningSecrets

LARGEST = 2_000_000
"""bytes; Slack's own payloads stay far below"""
_turned_away = metrics.get_meter("ops_autopilot.slack").create_counter(
    "ops_autopilot.slack.unsigned", unit="{request}", description="requests that Slack did not sign, or not just now"
)


def routes(app: AsyncApp, secrets: SigningSecrets | None) -> list[Route]:
    """The doors there are: events where we know Slack's signature, installing when the app is for many workspaces.

    The signature is checked here, before anything is parsed: bolt knows one secret only, and answers a body or a
    signature that is no text with 500.
    """
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and int(length[:12]) <= LARGEST):
            return JSONResponse({"error": f"at most {LARGEST:,} bytes, and their number"}, status_code=413)
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if secrets is None or not secrets.signed(await request.body(), timestamp, signature):
            _turned_away.add(1)
            return JSONResponse({"error": "invalid request"}, status_code=401)
        return await handler.handle(request)

    flow = app.oauth_flow
    pages = [] if flow is None else [flow.install_path, flow.redirect_uri_path]
    return [
        *([Route("/slack/events", receive, methods=["POST"])] if secrets is not None else []),
        *(Route(page, handler.handle, methods=["GET"]) for page in pages),
    ]
