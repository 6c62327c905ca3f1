"""Listeners for the modals of schedules. They translate; who may change what is decided by `Changes`."""

from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.schedules.changes import Act, Changes, Done, NotDone
from bot.schedules.listing import ScheduleLine, lines
from bot.slack import schedule_inbound
from bot.slack.actions import ActionId, CallbackId
from bot.slack.cards.blocks import Card
from bot.slack.cards.notice import notice
from bot.slack.cards.schedules import draft_of, field_error, schedule_list, schedule_modal, schedules_modal
from bot.slack.cards.submitted import FieldErrors
from bot.slack.inbound import Command
from bot.slack.replies import Replies
from bot.slack.schedule_inbound import SchedulePress

_ACTS = {
    ActionId.SCHEDULE_START: Act.START,
    ActionId.SCHEDULE_PAUSE: Act.PAUSE,
    ActionId.SCHEDULE_DRY_RUN: Act.DRY_RUN,
    ActionId.SCHEDULE_RUN_NOW: Act.RUN_NOW,
    ActionId.SCHEDULE_REMOVE: Act.REMOVE,
}


@dataclass(frozen=True, kw_only=True)
class SchedulePages:
    """Shows the schedules: to admins with buttons, to others for reading."""

    changes: Changes
    replies: Replies
    tz: str
    """offered for a new schedule"""

    async def show(self, command: Command) -> None:
        """Answer `/autopilot schedules`."""
        found = await self._lines(command.tenant)
        refused = await self.changes.refusal(command.tenant, command.who)
        if command.trigger_id and not refused:
            await self.replies.open(command.tenant, command.trigger_id, schedules_modal(found, channel=command.channel))
            return
        await self._whisper(command, schedule_list(found))
        why = refused or "buttons need `/autopilot schedules`, outside a thread"
        said = notice(f"{why[:1].upper()}{why[1:]}.")
        await self._whisper(command, said)

    async def _whisper(self, command: Command, card: Card) -> None:
        await self.replies.whisper(command.tenant, command.channel, command.who, card, thread_ts=command.thread_ts)

    async def redraw(self, press: SchedulePress, said: str) -> None:
        """Bring the open list to what storage says now."""
        view = schedules_modal(await self._lines(press.press.tenant), channel=press.channel, said=said)
        await self.replies.workspaces.client(press.press.tenant).views_update(view_id=press.list_id, view=view)

    async def form(self, press: SchedulePress) -> None:
        """Open the fields of one schedule on top of the list."""
        line = await self.line(press)
        if press.schedule_id and line is None:
            await self.redraw(press, "Somebody removed it meanwhile.")
            return
        view = schedule_modal(line, channel=press.channel, tz=self.tz)
        await self.replies.workspaces.client(press.press.tenant).views_push(trigger_id=press.trigger_id, view=view)

    async def line(self, press: SchedulePress) -> ScheduleLine | None:
        found = await self._lines(press.press.tenant)
        return next((line for line in found if line.id == press.schedule_id), None)

    async def _lines(self, tenant: str) -> list[ScheduleLine]:
        return await lines(self.changes.db, self.changes.definition_of, tenant)


def register(app: AsyncApp, pages: SchedulePages) -> None:
    """Hang the listeners on the app. Changes are on disk before the ack."""
    replies, changes = pages.replies, pages.changes

    @app.action(ActionId.SCHEDULE_ADD)
    async def add(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if (press := schedule_inbound.pressed(body)) is not None:
            replies.later(pages.form(press))

    @app.action(ActionId.SCHEDULE_EDIT)
    async def edit(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        if (press := schedule_inbound.pressed(body)) is not None:
            replies.later(pages.form(press))

    for action_id, act in _ACTS.items():
        _register_act(app, action_id, act, pages)

    @app.view(CallbackId.SCHEDULES)
    async def closed(ack: AsyncAck) -> None:
        await ack()

    @app.view(CallbackId.SCHEDULE)
    async def saved(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = schedule_inbound.sent(body)
        if sent is None:
            await ack()
            return
        line = await pages.line(sent) if sent.schedule_id else None
        draft = draft_of(sent.values, line.kind if line is not None else None)
        if isinstance(draft, FieldErrors):
            await ack(response_action="errors", errors=draft.errors)
            return
        answer = await changes.save(sent.press, draft, sent.schedule_id)
        if isinstance(answer, NotDone):
            await ack(response_action="errors", errors=field_error(answer.message, answer.field).errors)
            return
        await ack()
        replies.later(pages.redraw(sent, answer.message))


def _register_act(app: AsyncApp, action_id: ActionId, act: Act, pages: SchedulePages) -> None:
    @app.action(action_id)
    async def pressed(ack: AsyncAck, body: dict[str, Any]) -> None:
        press = schedule_inbound.pressed(body)
        if press is not None and press.schedule_id:
            answer: Done | NotDone = await pages.changes.press(press.press, press.schedule_id, act)
            pages.replies.later(pages.redraw(press, answer.message))
        await ack()
