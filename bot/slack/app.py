"""The bolt app: one place that registers every listener, acks what nobody handles, and connects."""

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.orchestrator.core import Orchestrator
from bot.orchestrator.show import Showroom
from bot.slack.actions import ActionId
from bot.slack.listeners import answers, grants, home, proposals, reactions, requests, schedules, settings
from bot.slack.listeners.words import Words
from bot.slack.replies import Replies

_log = structlog.get_logger(__name__)


def build(
    *,
    client: AsyncWebClient,
    orchestrator: Orchestrator,
    showroom: Showroom,
    words: Words,
    replies: Replies,
    signing_secret: str = "",
) -> AsyncApp:
    """The app with all listeners.

    `process_before_response`: bolt answers Slack only when the listener has returned, so an ack means "on disk"; a
    listener that raises leaves the delivery unacked, and Slack sends it again.
    """
    app = AsyncApp(
        client=client,
        signing_secret=signing_secret or None,
        process_before_response=True,
        raise_error_for_unhandled_request=False,
    )
    requests.register(app, orchestrator, words)
    proposals.register(app, orchestrator, showroom, replies)
    home.register(app, words, replies)
    schedules.register(app, words.schedules)
    settings.register(app, words.settings)
    grants.register(app, words.grants, replies)
    reactions.register(app, words.db, replies)
    answers.register(app, orchestrator, replies)

    # Buttons that only open a link: acked, or Slack would say that we did not answer.
    @app.action(ActionId.OPEN)
    async def opened(ack: AsyncAck) -> None:
        await ack()

    @app.error
    async def failed(error: Exception) -> None:
        _log.error("a listener failed before its ack; Slack will send it again", exc_info=error)

    return app


def socket_handlers(app: AsyncApp, app_token: str, *, connections: int = 2) -> list[AsyncSocketModeHandler]:
    """Two connections: on a `disconnect` Slack closes the old socket before the new one is open."""
    return [AsyncSocketModeHandler(app, app_token, web_client=app.client) for _ in range(connections)]
