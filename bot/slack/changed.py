"""Pure: a message that was edited or deleted -> our types. What changes no person's words is None."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.slack.tenants import FromSlack


class _By(BaseModel):
    user: str = ""


class _Message(BaseModel):
    ts: str = ""
    user: str = ""
    text: str = ""
    thread_ts: str = ""
    bot_id: str = ""
    edited: _By = _By()


class _Event(BaseModel):
    channel: str
    subtype: str
    message: _Message = _Message()
    previous_message: _Message = _Message()
    deleted_ts: str = ""


class _Body(FromSlack):
    event_id: str
    event: _Event


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What became of a person's message."""

    tenant: str
    channel: str
    thread_ts: str
    ts: str
    who: str
    """who wrote it"""
    text: str | None
    """the new words; None: it was deleted"""
    key: str


def changed(body: Mapping[str, object]) -> Changed | None:
    """An edit or a deletion of a person's message; None for anything else, such as our own and link previews."""
    found = _Body.read(body)
    if found is None:
        return None
    event = found.event
    old, new = event.previous_message, event.message
    if event.subtype == "message_deleted":
        message, ts, text = old, event.deleted_ts, None
    elif event.subtype == "message_changed" and new.text != old.text and new.edited.user == new.user:
        message, ts, text = new, new.ts, new.text
    else:
        return None
    if not ts or not message.user or message.bot_id:
        return None
    return Changed(
        tenant=found.tenant,
        channel=event.channel,
        thread_ts=message.thread_ts or ts,
        ts=ts,
        who=message.user,
        text=text,
        key=f"event:{found.event_id}",
    )
