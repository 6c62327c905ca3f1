"""What happens when a message appears, changes or goes: it is stored, the pages see it, the app hears of it."""

from bot.demo.slack.messages import is_root
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json
from bot.demo.slack.workspace import Channel


def post(office: Office, channel: Channel, message: Json) -> Json:
    """The stored message, with a ts. The app gets a message event, and a second one when it is mentioned."""
    message = {"type": "message", "ts": office.messages.next_ts(), "team": office.workspace.team_id, **message}
    office.messages.add(channel.id, message)
    _show(office, channel, message)
    if message.get("thread_ts") and message["thread_ts"] != message["ts"]:
        root = office.messages.find(channel.id, message["thread_ts"])
        if root is not None:
            root["thread_ts"] = root["ts"]
            _show(office, channel, root)
    _emit(office, channel, _event(channel, message))
    mention = f"<@{office.workspace.bot_user}>"
    hears = office.workspace.bot_user in channel.members and not channel.is_im
    if hears and not message.get("bot_id") and mention in message.get("text", ""):
        event = {**_event(channel, message), "type": "app_mention"}
        event.pop("channel_type")
        office.emit(event, "app_mention")
    return message


def post_ephemeral(office: Office, channel: Channel, user: str, message: Json) -> Json:
    """A message only `user` sees; no app hears of it."""
    message = {"type": "message", "ts": office.messages.next_ts(), "ephemeral_for": user, **message}
    office.messages.add_ephemeral(channel.id, message)
    office.changes.publish({"type": "message", "channel": channel.id, "message": message}, only=user)
    return message


def change(office: Office, channel: Channel, message: Json, *, by: str | None = None, **fields: object) -> None:
    """Put new fields into a message; `by` marks it as edited by this person."""
    before = dict(message)
    message.update(fields)
    if by:
        message["edited"] = {"user": by, "ts": office.messages.next_ts()}
    if user := message.get("ephemeral_for"):
        office.changes.publish({"type": "message", "channel": channel.id, "message": message}, only=user)
        return
    _show(office, channel, message)
    event = {"type": "message", "subtype": "message_changed", "message": dict(message), "previous_message": before}
    _emit(office, channel, _hidden(office, channel, event))


def show(office: Office, channel: Channel, message: Json) -> None:
    """Let the pages draw a message again, without an event for the app (a stream that grew)."""
    _show(office, channel, message)


def delete(office: Office, channel: Channel, message: Json) -> None:
    """Take a message away for everyone."""
    office.messages.remove(channel.id, message["ts"])
    office.streams.forget(channel.id, message["ts"])
    office.changes.publish({"type": "message_deleted", "channel": channel.id, "ts": message["ts"]})
    if "ephemeral_for" in message:
        return
    if not is_root(message) and (root := office.messages.find(channel.id, message["thread_ts"])):
        _show(office, channel, root)
    event = {"type": "message", "subtype": "message_deleted", "deleted_ts": message["ts"], "previous_message": message}
    _emit(office, channel, _hidden(office, channel, event))


def _show(office: Office, channel: Channel, message: Json) -> None:
    shown = office.page_message(channel.id, message)
    office.changes.publish({"type": "message", "channel": channel.id, "message": shown})


def _event(channel: Channel, message: Json) -> Json:
    return {**message, "channel": channel.id, "channel_type": channel.kind, "event_ts": message["ts"]}


def _hidden(office: Office, channel: Channel, event: Json) -> Json:
    ts = office.messages.next_ts()
    return {**event, "hidden": True, "channel": channel.id, "channel_type": channel.kind, "ts": ts, "event_ts": ts}


def _emit(office: Office, channel: Channel, event: Json) -> None:
    if office.workspace.bot_user in channel.members:
        subscription = {"im": "message.im", "group": "message.groups", "channel": "message.channels"}[channel.kind]
        office.emit(event, subscription)
