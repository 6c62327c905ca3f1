"""Signed HTTP delivery against a real bolt app behind a real web server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.clock import Clock
from bot.demo.slack.loopback import serving
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.signed_http import sign

Json = dict[str, Any]


@asynccontextmanager
async def slack_and_app(
    *, statuses: list[int] | None = None
) -> AsyncIterator[tuple[LocalSlack, AsyncApp, list[Request]]]:
    """A local Slack that delivers to a bolt app; `statuses` are answered before the app gets a chance."""
    requests: list[Request] = []
    config = AppConfig()
    app = AsyncApp(
        client=AsyncWebClient(token=config.bot_token),
        signing_secret=config.signing_secret,
        url_verification_enabled=True,
    )
    handler = AsyncSlackRequestHandler(app)

    async def events(request: Request) -> Response:
        requests.append(request)
        if statuses:
            return Response(status_code=statuses.pop(0))
        return await handler.handle(request)

    web = Starlette(routes=[Route("/slack/events", events, methods=["POST"])])
    async with serving(web) as url:
        config = AppConfig(request_url=f"{url}/slack/events")
        async with LocalSlack(app_config=config, clock=Clock()).serve() as slack:
            app.client.base_url = slack.api_url
            yield slack, app, requests


async def test_a_real_bolt_app_accepts_our_signature_and_our_challenge() -> None:
    async with slack_and_app() as (slack, app, requests):
        texts: list[str] = []

        @app.event("message")
        async def written(event: Json) -> None:
            texts.append(event["text"])

        assert slack.http is not None
        assert await slack.http.verify()
        await slack.ui.send("U0ANA", "D0ANA", "hello")
        await slack.wait_for(lambda: any(e.answer["acked"] for e in slack.log.find(kind="event")))
        assert texts == ["hello"]
        assert "x-slack-retry-num" not in requests[-1].headers


async def test_a_click_and_a_command_come_as_forms() -> None:
    async with slack_and_app() as (slack, app, requests):

        @app.command("/autopilot")
        async def command(ack: Any, command: Json) -> None:
            await ack(f"you said {command['text']}")

        assert await slack.ui.command("U0KIM", "support", "/autopilot", "a&b=c") == {"ok": True}
        assert [m["text"] for m in slack.ui.messages("support", as_="U0KIM")] == ["you said a&b=c"]
        assert requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_failed_delivery_says_on_the_next_try_what_went_wrong() -> None:
    async with slack_and_app(statuses=[500, 503]) as (slack, app, requests):

        @app.event("message")
        async def written() -> None:
            pass

        slack.delivery.retry_delays = (0.0, 0.0)
        await slack.ui.send("U0ANA", "D0ANA", "hello")
        await slack.wait_for(lambda: any(e.answer["acked"] for e in slack.log.find(kind="event")))
        assert [r.headers.get("x-slack-retry-num") for r in requests] == [None, "1", "2"]
        assert requests[1].headers["x-slack-retry-reason"] == "http_error"


async def test_a_wrong_signature_is_turned_away_by_the_app() -> None:
    """The check is bolt's; this shows that our deliveries pass it for the right reason."""
    async with slack_and_app() as (slack, _, _requests):
        url = slack.app_config.request_url
        assert url is not None
        stamp = str(int(slack.clock.now()))
        headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": sign("wrong secret", stamp, b"{}")}
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(url, content=b"{}", headers=headers)
        assert answer.status_code == 401
