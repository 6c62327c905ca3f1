"""Pure: a message that does not speak to us, as a request that its channel's settings may want."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.orchestrator.requests import Request
from bot.slack.inbound import Event
from bot.slack.tenants import FromSlack
from storage.records import Source

_TITLE = 150
_PLAIN = ("", "file_share", "bot_message", "me_message")


class _Attachment(BaseModel):
    title: str = ""
    text: str = ""
    fallback: str = ""


class _Event(Event):
    attachments: tuple[_Attachment, ...] = ()


class _Authorization(BaseModel):
    user_id: str


class _Body(FromSlack):
    event_id: str
    authorizations: list[_Authorization]
    event: _Event


@dataclass(frozen=True, kw_only=True)
class Overheard:
    """A message of a channel, all of its words, and the request it would be."""

    request: Request
    text: str
    by_bot: bool


def overheard(body: Mapping[str, object]) -> Overheard | None:
    """The message when it starts a thread and neither comes from us nor speaks to us; None otherwise.

    A message that mentions us comes again as `app_mention`, and is taken there.
    """
    found = _Body.read(body)
    if found is None:
        return None
    event, us = found.event, found.authorizations[0].user_id if found.authorizations else ""
    text = _words(event)
    by_bot = bool(event.bot_id)
    if not us or event.channel_type == "im" or event.subtype not in _PLAIN or event.user == us:
        return None
    if event.thread_ts not in ("", event.ts) or f"<@{us}>" in event.text or not text:
        return None
    if not found.is_ours(event.user_team):
        return None  # an external person in a shared channel
    title = " ".join(text.split())[:_TITLE]
    request = Request(
        tenant=found.tenant,
        source=Source.AUTO,
        channel=event.channel,
        thread_ts=event.ts,
        request_ts=event.ts,
        requester=us if by_bot else event.user,  # a bot asks nobody for anything: what it posts is only data
        requester_team=found.tenant,
        text=f"Another app posted: {title}" if by_bot else event.text,
        hearsay=text if by_bot else "",
        keys=(f"event:{found.event_id}", f"message:{event.channel}:{event.ts}"),
    )
    return Overheard(request=request, text=text, by_bot=by_bot)


def _words(event: _Event) -> str:
    """The text, and that of attachments: alerts often stand in nothing else."""
    parts = [event.text]
    for one in event.attachments:
        parts += [one.title, one.text or one.fallback]
    return "\n".join(dict.fromkeys(part.strip() for part in parts if part.strip()))
