"""The bolt app: one place that registers every listener, acks what nobody handles, and connects."""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.orchestrator.core import Orchestrator
from bot.orchestrator.show import Showroom
from bot.slack.actions import ActionId
from bot.slack.departures import Departures
from bot.slack.listeners import (
    answers,
    consent,
    grants,
    home,
    leaving,
    proposals,
    reactions,
    requests,
    schedules,
    settings,
)
from bot.slack.listeners.consent import ConsentDesk
from bot.slack.listeners.words import Words
from bot.slack.oauth import OAuth
from bot.slack.porter import Porter
from bot.slack.replies import Replies
from bot.slack.sockets import SocketHandler
from bot.slack.suggestions import Suggestions
from bot.slack.tenants import tenant_of
from storage.db import within

_log = structlog.get_logger(__name__)


def build(
    *,
    client: AsyncWebClient,
    orchestrator: Orchestrator,
    showroom: Showroom,
    words: Words,
    replies: Replies,
    departures: Departures,
    consents: ConsentDesk,
    porter: Porter,
    suggestions: Suggestions,
    oauth: OAuth | None = None,
) -> AsyncApp:
    """The app with all listeners.

    `process_before_response`: bolt answers Slack only when the listener has returned, so an ack means "on disk"; a
    listener that raises leaves the delivery unacked, and Slack sends it again.
    """
    app = Narrowed(
        porter,
        client=client,
        request_verification_enabled=False,  # http_door.py has done it
        oauth_settings=oauth.settings if oauth is not None else None,
        authorize=oauth.authorize if oauth is not None else None,
        process_before_response=True,
        raise_error_for_unhandled_request=False,
    )
    requests.register(app, orchestrator, words)
    proposals.register(app, orchestrator, showroom, replies)
    home.register(app, words, replies, suggestions)
    schedules.register(app, words.schedules)
    settings.register(app, words.settings)
    grants.register(app, words.grants, replies)
    reactions.register(app, words.db, orchestrator.gateway.clean, replies)
    answers.register(app, orchestrator, replies)
    leaving.register(app, departures)
    consent.register(app, consents)

    # Buttons that only open a link: acked, or Slack would say that we did not answer.
    @app.action(ActionId.OPEN)
    async def opened(ack: AsyncAck) -> None:
        await ack()

    @app.error
    async def failed(error: Exception) -> None:
        _log.error("a listener failed before its ack; Slack will send it again", exc_info=error)

    return app


class Narrowed(AsyncApp):
    """What the porter lets in; whatever it leads to in the database sees its workspace's rows only."""

    def __init__(self, porter: Porter, **options: Any) -> None:
        super().__init__(**options)
        self._porter = porter

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        tenant = tenant_of(req.body or {})
        event = (req.body or {}).get("event")
        if not tenant or (isinstance(event, dict) and event.get("type") in leaving.EVENTS):
            return await super().async_dispatch(req)
        if not await self._porter.lets_in(req.body or {}):
            return BoltResponse(status=200, body="")  # an ack: it would only come again
        with within(tenant):
            return await super().async_dispatch(req)


def socket_handlers(app: AsyncApp, app_token: str, *, connections: int = 2) -> list[SocketHandler]:
    """Two connections: on a `disconnect` Slack closes the old socket before the new one is open."""
    return [SocketHandler(app, app_token) for _ in range(connections)]
