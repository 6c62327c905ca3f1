"""Everything one local Slack remembers, in one place; the doors (Web API, page, sockets) all work on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.changes import Changes
from bot.demo.slack.clock import Clock
from bot.demo.slack.faults import Faults
from bot.demo.slack.installs import Install, Installs
from bot.demo.slack.limits import Limits
from bot.demo.slack.messages import Messages
from bot.demo.slack.streams import Streams
from bot.demo.slack.traffic import Traffic
from bot.demo.slack.triggers import Triggers
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Channel, Person, Workspace

STATUS_LIFE = 120.0
"""Seconds after which assistant.threads.setStatus clears itself."""


@dataclass(kw_only=True)
class Session:
    """What an agent says it is doing in one thread."""

    status: str = ""
    title: str = ""
    note: str = ""
    """The free text of assistant.threads.setStatus; goes away by itself."""
    note_until: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    id: str
    name: str
    title: str
    content: bytes
    mimetype: str


@dataclass(kw_only=True)
class Office:
    workspace: Workspace
    app: AppConfig
    clock: Clock
    faults: Faults
    limits: Limits
    traffic: Traffic
    messages: Messages
    streams: Streams
    triggers: Triggers
    installs: Installs
    installed: Callable[[], Install | None] = lambda: None
    """The installation this workspace's payloads go to."""
    changes: Changes = field(default_factory=Changes)
    emit: Callable[[Json, str], None] = lambda event, subscription: None
    """Sends an event to the app when it subscribed to it."""
    base_url: str = "http://127.0.0.1"
    old_slack: bool = False
    """A Slack from before streaming: chat.*Stream and agents.* answer unknown_method, and newer blocks are refused."""
    connected: Callable[[], bool] = lambda: False
    new_socket: Callable[[], str] = lambda: ""
    views: dict[str, Json] = field(default_factory=dict)
    view_stack: dict[str, list[str]] = field(default_factory=dict)
    """The open modals of each person, top one last."""
    homes: dict[str, Json] = field(default_factory=dict)
    prompts: dict[str, list[Json]] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    links: list[Json] = field(default_factory=list)
    """Shown on the page beside the channels: where else the demo can be looked at."""

    def need_scope(self, scope: str) -> None:
        """Raises: Refused `missing_scope` when the app was not granted it."""
        if scope not in self.app.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.app.scopes)))

    def channel(self, name: str | None) -> Channel:
        """The conversation an app named; a person's id means the DM with them.

        Raises: Refused `channel_not_found`.
        """
        if name and name in self.workspace.people and name != self.workspace.bot_user:
            return self.workspace.dm(name)
        channel = self.workspace.channel(name) if name else None
        if channel is None or (channel.is_private and self.workspace.bot_user not in channel.members):
            raise Refused("channel_not_found")
        return channel

    def writable(self, name: str | None) -> Channel:
        """A conversation the app may post in.

        Raises: Refused `channel_not_found`, `is_archived` or `not_in_channel`.
        """
        channel = self.channel(name)
        if channel.is_archived:
            raise Refused("is_archived")
        public = not channel.is_private and not channel.is_im
        may_anyway = public and "chat:write.public" in self.app.scopes
        if self.workspace.bot_user not in channel.members and not may_anyway:
            raise Refused("not_in_channel")
        return channel

    def person(self, user: str | None) -> Person:
        """Raises: Refused `user_not_found`."""
        if user is None or user not in self.workspace.people:
            raise Refused("user_not_found")
        return self.workspace.people[user]

    def message(self, channel: Channel, ts: str) -> Json:
        """Raises: Refused `message_not_found`."""
        if (found := self.messages.find(channel.id, ts)) is None:
            raise Refused("message_not_found")
        return found

    def root(self, channel: Channel, thread_ts: str) -> Json:
        """The message a thread hangs on.

        Raises: Refused `thread_not_found`, or `cannot_reply_to_message` for a reply's ts.
        """
        found = self.messages.find(channel.id, thread_ts)
        if found is None:
            raise Refused("thread_not_found")
        if found.get("thread_ts") not in (None, thread_ts):
            raise Refused("cannot_reply_to_message")
        return found

    def page_message(self, channel: str, message: Json) -> Json:
        """The message as the page draws it: with reply counts and, while and after streaming, its parts."""
        shown = self.messages.with_counts(channel, message)
        stream = self.streams.find(channel, message["ts"], now=self.clock.now())
        shown["streaming"] = self.streams.is_live(channel, message["ts"], now=self.clock.now())
        if stream and not message.get("edited"):
            shown["stream"] = stream.view()
        return shown

    def page_status(self, channel: str, thread_ts: str) -> Json | None:
        """What stands under a thread while the app works, or None."""
        session = self.sessions.get((channel, thread_ts))
        if session is None:
            return None
        note = session.note if session.note_until > self.clock.now() else ""
        status = note or session.status
        return {"status": status, "title": session.title} if status or session.title else None

    def publish_status(self, channel: str, thread_ts: str) -> None:
        shown = self.page_status(channel, thread_ts) or {"status": "", "title": ""}
        self.changes.publish({"type": "status", "channel": channel, "thread_ts": thread_ts, **shown})

    def clear(self) -> None:
        """Forget what was said and done; the workspace, the app and its connections stay."""
        self.faults.clear()
        for memory in (self.messages, self.streams, self.limits, self.traffic):
            memory.clear()
        for shelf in (self.views, self.view_stack, self.homes, self.prompts, self.sessions, self.files, self.uploads):
            shelf.clear()
        self.changes.publish({"type": "reset"})
