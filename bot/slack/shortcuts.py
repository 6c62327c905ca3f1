"""Pure: Slack's payloads for a message shortcut and for a reaction -> our types."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.slack.tenants import FromSlack

ASK_ABOUT = "message.ask_about"
"""the callback_id of "Ask Autopilot about this" in app_manifest.yml"""


class _Named(BaseModel):
    id: str


class _Message(BaseModel):
    ts: str
    thread_ts: str = ""
    text: str = ""


class _ShortcutBody(FromSlack):
    user: _Named
    channel: _Named
    message: _Message
    action_ts: str
    response_url: str = ""


@dataclass(frozen=True, kw_only=True)
class AskedAbout:
    """Somebody chose "Ask Autopilot about this" on a message."""

    tenant: str
    who: str
    channel: str
    thread_ts: str
    text: str
    key: str
    response_url: str


def asked_about(body: Mapping[str, object]) -> AskedAbout | None:
    found = _ShortcutBody.read(body)
    if found is None:
        return None
    return AskedAbout(
        tenant=found.tenant,
        who=found.user.id,
        channel=found.channel.id,
        thread_ts=found.message.thread_ts or found.message.ts,
        text=found.message.text,
        key=f"shortcut:{found.user.id}:{found.action_ts}",
        response_url=found.response_url,
    )


class _Item(BaseModel):
    type: str
    channel: str = ""
    ts: str = ""


class _Reaction(BaseModel):
    type: str
    user: str
    reaction: str
    item: _Item


class _ReactionBody(FromSlack):
    event_id: str
    event: _Reaction


@dataclass(frozen=True, kw_only=True)
class Reacted:
    """An emoji was put on a message, or taken away."""

    tenant: str
    who: str
    emoji: str
    channel: str
    ts: str
    key: str
    removed: bool


def reacted(body: Mapping[str, object]) -> Reacted | None:
    found = _ReactionBody.read(body)
    if found is None:
        return None
    event = found.event
    if event.item.type != "message":
        return None
    return Reacted(
        tenant=found.tenant,
        who=event.user,
        emoji=event.reaction,
        channel=event.item.channel,
        ts=event.item.ts,
        key=f"event:{found.event_id}",
        removed=event.type == "reaction_removed",
    )
