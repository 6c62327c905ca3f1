"""Pure: what Slack tells us and what people type -> our types. What does not fit is None, never an exception."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.orchestrator.requests import Attached, Request
from bot.slack.tenants import FromSlack
from storage.records import Source

MOST_FILES = 10
"""of one message; Slack lets people add as many"""
Payload = Mapping[str, object]


class File(BaseModel):
    """A file in a message; of one that is gone or not ours to see, Slack tells the id alone."""

    id: str
    name: str | None = None
    mimetype: str | None = None
    size: int = 0


class Event(BaseModel):
    """A message as Slack tells of it."""

    channel: str
    ts: str
    user: str = ""
    text: str = ""
    thread_ts: str = ""
    subtype: str = ""
    bot_id: str = ""
    channel_type: str = ""
    user_team: str = ""
    team: str = ""
    files: tuple[File, ...] = ()


class _EventBody(FromSlack):
    event_id: str
    event: Event


def _event(body: Payload) -> _EventBody | None:
    return _EventBody.read(body)


def request_from_event(body: Payload) -> Request | None:
    """A mention or a direct message as a request; None for bots, edits, joins and people of other organisations."""
    found = _event(body)
    if found is None:
        return None
    event = found.event
    if event.subtype not in ("", "file_share", "thread_broadcast") or event.bot_id or not event.user:
        return None
    if not found.is_ours(event.user_team):
        return None  # an external person in a shared channel
    return Request(
        tenant=found.tenant,
        source=Source.DM if event.channel_type == "im" else Source.MENTION,
        channel=event.channel,
        thread_ts=event.thread_ts or event.ts,
        request_ts=event.ts,
        requester=event.user,
        requester_team=event.user_team or event.team or found.tenant,
        text=event.text,
        # one mention arrives twice, as `message` and as `app_mention`, under two event ids
        keys=(f"event:{found.event_id}", f"message:{event.channel}:{event.ts}"),
        files=tuple(
            Attached(id=one.id, name=one.name or "a file", kind=one.mimetype or "", size=one.size)
            for one in event.files[:MOST_FILES]
        ),
    )


class _Stopped(BaseModel):
    channel: str
    user: str
    thread_ts: str


class _StoppedBody(FromSlack):
    event: _Stopped


@dataclass(frozen=True, kw_only=True)
class StopPress:
    """Slack's own Stop button was pressed in a thread."""

    tenant: str
    channel: str
    thread_ts: str
    who: str


def stop_press(body: Payload) -> StopPress | None:
    found = _StoppedBody.read(body)
    if found is None:
        return None
    event = found.event
    return StopPress(tenant=found.tenant, channel=event.channel, thread_ts=event.thread_ts, who=event.user)


class _CommandBody(FromSlack):
    channel_id: str
    user_id: str
    text: str = ""
    command: str = "/autopilot"
    trigger_id: str = ""
    response_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command, or the same words after a mention."""

    tenant: str
    channel: str
    thread_ts: str
    who: str
    word: str
    rest: str
    key: str
    trigger_id: str = ""
    """Slack's ticket to open a modal with; a mention has none"""
    response_url: str = ""
    """answers a slash command even where the bot is no member"""


def command(body: Payload) -> Command | None:
    found = _CommandBody.read(body)
    if found is None:
        return None
    word, _, rest = found.text.strip().partition(" ")
    return Command(
        tenant=found.tenant,
        channel=found.channel_id,
        thread_ts="",
        who=found.user_id,
        word=word.lower().rstrip(":,") or "help",
        rest=rest.strip(),
        key=f"command:{found.trigger_id}",
        trigger_id=found.trigger_id,
        response_url=found.response_url,
    )


class _HomeEvent(BaseModel):
    user: str
    tab: str = "home"
    channel: str = ""


class _HomeBody(FromSlack):
    event: _HomeEvent


@dataclass(frozen=True, kw_only=True)
class HomeOpened:
    tenant: str
    user: str
    tab: str
    channel: str


def home_opened(body: Payload) -> HomeOpened | None:
    found = _HomeBody.read(body)
    if found is None:
        return None
    return HomeOpened(tenant=found.tenant, user=found.event.user, tab=found.event.tab, channel=found.event.channel)


class _Entity(BaseModel):
    type: str = ""
    value: object = None


class _Context(BaseModel):
    entities: tuple[_Entity, ...] = ()


class _ContextEvent(BaseModel):
    user: str
    channel: str = ""
    context: _Context = _Context()


class _ContextBody(FromSlack):
    event: _ContextEvent


@dataclass(frozen=True, kw_only=True)
class LookingAt:
    """What somebody looks at while our panel is open."""

    tenant: str
    user: str
    place: str
    """their direct messages with us, "" when Slack does not say"""
    channel: str
    """"" when it is no channel"""


def looking_at(body: Payload) -> LookingAt | None:
    found = _ContextBody.read(body)
    if found is None:
        return None
    event = found.event
    named = (one.value for one in event.context.entities if one.type == "slack#/types/channel_id")
    channel = next((value for value in named if isinstance(value, str)), "")
    place = event.channel if event.channel.startswith("D") else ""
    return LookingAt(tenant=found.tenant, user=event.user, place=place, channel=channel)
