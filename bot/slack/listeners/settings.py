"""Listeners for the settings modal: opened by the command or its button, saved at once or after a question."""

from dataclasses import dataclass
from typing import Any, assert_never

from pydantic import BaseModel, ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.agent.lineup import Lineup
from bot.orchestrator import preferences
from bot.orchestrator.preferences import Admins, Confirm, NotAllowed, Saved, Wanted, WrongAgent
from bot.slack.actions import ActionId, CallbackId
from bot.slack.cards import settings as cards
from bot.slack.cards.blocks import Block
from bot.slack.cards.notice import notice
from bot.slack.cards.submitted import FieldErrors
from bot.slack.inbound import Command
from bot.slack.replies import Replies
from bot.slack.tenants import FromSlack
from storage import channels
from storage.channels import WORKSPACE, ChannelSettings, over
from storage.db import Database

_ENABLED, _AGENT = "settings.enabled", "settings.agent"


class _Named(BaseModel):
    id: str


class _View(BaseModel):
    private_metadata: str
    state: dict[str, Any] = {}


class _Sent(FromSlack):
    user: _Named
    view: _View


class _Action(BaseModel):
    value: str


class _Pressed(FromSlack):
    user: _Named
    channel: _Named
    trigger_id: str
    actions: list[_Action]


@dataclass(frozen=True, kw_only=True)
class SettingsDesk:
    """Shows and changes what admins set."""

    db: Database
    admins: Admins
    agents: Lineup
    replies: Replies
    per_minute: int

    async def show(self, command: Command) -> None:
        """Answer the word `settings`: the modal for admins, what holds for everybody else."""
        channel = WORKSPACE if command.rest.lower() == "workspace" else command.channel
        async with self.db.read() as tx:
            now = await channels.in_force(tx, command.tenant, channel)
        card = cards.in_words(now, self.per_minute, self.agents)
        if not await self.admins.may_change_settings(command.tenant, command.who):
            await self.replies.respond(command, cards.with_who_may(card, self.who_may))
            return
        if command.trigger_id:
            await self.open(command.tenant, channel, command.trigger_id)
            return
        await self.replies.respond(command, cards.with_button(card, channel))

    @property
    def who_may(self) -> str:
        """Who changes settings, in words."""
        return ", ".join(["admins of this workspace", *(f"@{group}" for group in self.admins.groups)])

    async def open(self, tenant: str, channel: str, trigger_id: str) -> None:
        """Put the modal before the person; its ticket lives three seconds."""
        async with self.db.read() as tx:
            own, workspace = await channels.rows(tx, tenant, channel)
        nothing = ChannelSettings()
        inherited = over(nothing, nothing if channel == WORKSPACE else workspace)
        await self.replies.open(
            tenant, trigger_id, cards.settings_modal(channel, own, inherited, self.per_minute, self.agents)
        )

    async def change(self, wanted: Wanted) -> Block | FieldErrors:
        """The next view, or what is wrong at which field."""
        done = await preferences.change(self.db, self.admins, self.agents, wanted)
        match done:
            case Saved(now=now, note=note):
                return cards.saved_modal(now, self.per_minute, self.agents, note)
            case WrongAgent(message=message):
                return FieldErrors(errors={_AGENT: message})
            case Confirm(means=means):
                return cards.confirm_modal(wanted.channel, wanted.settings, means)
            case NotAllowed():
                return FieldErrors(errors={_ENABLED: f"not saved: settings are changed by {self.who_may}"})
            case _:
                assert_never(done)


def register(app: AsyncApp, desk: SettingsDesk) -> None:
    """Hang the listeners on the app."""

    @app.action(ActionId.SETTINGS)
    async def pressed(ack: AsyncAck, body: dict[str, Any]) -> None:
        try:
            found = _Pressed.model_validate(body)
        except ValidationError:
            await ack()
            return
        channel = found.actions[0].value
        if await desk.admins.may_change_settings(found.tenant, found.user.id):
            await desk.open(found.tenant, channel, found.trigger_id)
        else:
            said = notice(f"Settings are changed by {desk.who_may}.")
            desk.replies.later(desk.replies.whisper(found.tenant, found.channel.id, found.user.id, said))
        await ack()

    @app.view(CallbackId.SETTINGS)
    async def saved(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = _sent(body)
        claim = cards.claim(sent.view.private_metadata) if sent else None
        if sent is None or claim is None:
            await ack()
            return
        typed = cards.typed(sent.view.state.get("values"))
        if isinstance(typed, FieldErrors):
            await ack(response_action="errors", errors=typed.errors)
            return
        wanted = Wanted(tenant=sent.tenant, channel=claim.channel, who=sent.user.id, settings=typed)
        next_view = await desk.change(wanted)
        if isinstance(next_view, FieldErrors):
            await ack(response_action="errors", errors=next_view.errors)
            return
        await ack(response_action="update", view=next_view)

    @app.view(CallbackId.SETTINGS_CONFIRM)
    async def confirmed(ack: AsyncAck, body: dict[str, Any]) -> None:
        sent = _sent(body)
        claim = cards.claim(sent.view.private_metadata) if sent else None
        if sent is None or claim is None:
            await ack()
            return
        wanted = Wanted(
            tenant=sent.tenant, channel=claim.channel, who=sent.user.id, settings=claim.settings(), confirmed=True
        )
        next_view = await desk.change(wanted)
        if isinstance(next_view, FieldErrors):  # an admin who is none any more; this view has no field to say so at
            said = notice("; ".join(next_view.errors.values())).blocks
            await ack(response_action="update", view=cards.unsaved_modal(said))
            return
        await ack(response_action="update", view=next_view)


def _sent(body: dict[str, Any]) -> _Sent | None:
    try:
        return _Sent.model_validate(body)
    except ValidationError:
        return None
