"""Listeners for the buttons below an answer: was it of use, ask it again, stop it while it is written."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.orchestrator.core import Orchestrator
from bot.orchestrator.regenerating import Again
from bot.orchestrator.requests import Answer, Said
from bot.slack import presses, unfolding
from bot.slack.actions import ActionId
from bot.slack.cards.notice import notice
from bot.slack.replies import Replies, card_of


def register(app: AsyncApp, orchestrator: Orchestrator, replies: Replies) -> None:
    """Hang the listeners on the app. What a press asks for is on disk before the ack."""

    async def judged(ack: AsyncAck, body: dict[str, Any]) -> None:
        found = presses.feedback(body)
        if found is not None:
            known = await orchestrator.judge(
                tenant=found.tenant, task_id=found.task_id, who=found.who, said=found.feedback, key=found.key
            )
            said = notice("Noted, thank you." if known else "I no longer know this answer.")
            replies.later(replies.whisper(found.tenant, found.channel, found.who, said, thread_ts=found.thread_ts))
        await ack()

    for action_id in (ActionId.FEEDBACK, ActionId.GOOD, ActionId.BAD):
        app.action(action_id)(judged)

    @app.action(ActionId.REGENERATE)
    async def regenerate(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.task_press(body)
        if press is not None:
            answer = await _again(press)
            if (card := card_of(answer)) is not None:
                replies.later(replies.whisper(press.tenant, press.channel, press.who, card, thread_ts=press.thread_ts))
        await ack()

    async def _again(press: presses.TaskPress) -> Answer:
        again = Again(
            tenant=press.tenant,
            task_id=press.task_id,
            who=press.who,
            channel=press.channel,
            key=press.key,
            in_channel=lambda: replies.is_in(press.tenant, press.channel, press.who),
        )
        try:
            return await orchestrator.regenerate(again)
        except (SlackApiError, TimeoutError):
            return Answer(
                said=Said.REFUSED, message="I could not see whether you are in this channel; press again in a moment"
            )

    @app.action(ActionId.SHOW_MORE)
    async def more(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.more_press(body)
        if press is not None and (words := await unfolding.show_more(orchestrator.db, press)):
            said = notice(words)
            replies.later(replies.whisper(press.tenant, press.channel, press.who, said, thread_ts=press.thread_ts))
        await ack()

    @app.action(ActionId.STOP)
    async def stop(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = presses.task_press(body)
        if press is not None:
            stopping = await orchestrator.stop(press.tenant, press.task_id, press.who)
            said = notice("Stopping." if stopping else "This has ended already.")
            replies.later(replies.whisper(press.tenant, press.channel, press.who, said, thread_ts=press.thread_ts))
        await ack()
