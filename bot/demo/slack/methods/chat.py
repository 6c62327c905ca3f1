"""chat.postMessage and its kin."""

from bot.demo.slack import blocks, posting
from bot.demo.slack.arguments import Args
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Channel

POST_TEXT, UPDATE_TEXT, MARKDOWN_TEXT = 40_000, 4_000, 12_000


def content(office: Office, args: Args, *, most: int) -> Json:
    """The checked text, blocks, attachments and metadata of a message.

    Raises: Refused `no_text`, `msg_too_long`, `invalid_blocks`, `invalid_metadata_schema`…
    """
    fields: Json = {}
    text, markdown = args.text("text"), args.text("markdown_text")
    raw_blocks = args.listing("blocks", error="invalid_blocks_format")
    attachments = args.listing("attachments", error="invalid_attachments")
    if markdown and (text or raw_blocks):
        raise Refused("markdown_text_conflict")
    if markdown and len(markdown) > MARKDOWN_TEXT:
        raise Refused("msg_too_long")
    text = text or markdown
    if text is not None:
        if len(text) > most:
            raise Refused("msg_too_long")
        fields["text"] = text
    if raw_blocks is not None:
        fields["blocks"] = blocks.check(raw_blocks, old=office.old_slack)
    if attachments is not None:
        fields["attachments"] = attachments
    if not text and not raw_blocks and not attachments:
        raise Refused("no_text")
    if (metadata := read_metadata(args)) is not None:
        fields["metadata"] = metadata
    return fields


def _known_files(office: Office, fields: Json) -> Json:
    """Raises: Refused `invalid_blocks` for a picture that was never uploaded."""
    for number, block in enumerate(fields.get("blocks", [])):
        picture = block.get("slack_file")
        if isinstance(picture, dict) and picture.get("id") not in office.files and "url" not in picture:
            raise Refused("invalid_blocks", f"[ERROR] invalid slack file [json-pointer:/blocks/{number}/slack_file/id]")
    return fields


def read_metadata(args: Args) -> Json | None:
    """Raises: Refused `invalid_metadata_schema` for anything but an event_type with an event_payload."""
    metadata = args.mapping("metadata", error="invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_schema")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def as_bot(office: Office) -> Json:
    """The fields that say a message is the app's."""
    bot = office.workspace
    return {
        "user": bot.bot_user,
        "bot_id": bot.bot_id,
        "app_id": office.app.app_id,
        "bot_profile": {"id": bot.bot_id, "name": office.app.name, "app_id": office.app.app_id, "team_id": bot.team_id},
    }


def in_thread(office: Office, channel: Channel, args: Args) -> Json:
    """The thread_ts to store, when the call names one.

    Raises: Refused `thread_not_found`.
    """
    if (thread_ts := args.text("thread_ts")) is None:
        return {}
    office.root(channel, thread_ts)
    return {"thread_ts": thread_ts}


def clear_note(office: Office, channel: Channel, thread_ts: str | None) -> None:
    """A posted message ends the free status text of its thread."""
    session = office.sessions.get((channel.id, thread_ts or ""))
    if session and session.note:
        session.note = ""
        office.publish_status(channel.id, thread_ts or "")


def own_message(office: Office, channel: Channel, ts: str, *, error: str) -> Json:
    """A message this app wrote.

    Raises: Refused `message_not_found`, or `error` when someone else wrote it.
    """
    message = office.message(channel, ts)
    if message.get("bot_id") != office.workspace.bot_id:
        raise Refused(error)
    return message


def _post_message(office: Office, args: Args) -> Json:
    channel = office.writable(args.need("channel"))
    fields = _known_files(office, content(office, args, most=POST_TEXT))
    thread = in_thread(office, channel, args)
    message = posting.post(office, channel, {"text": "", **as_bot(office), **fields, **thread})
    clear_note(office, channel, message.get("thread_ts"))
    return {"ok": True, "channel": channel.id, "ts": message["ts"], "message": message}


def _post_ephemeral(office: Office, args: Args) -> Json:
    channel = office.writable(args.need("channel"))
    user = args.need("user")
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    fields = _known_files(office, content(office, args, most=POST_TEXT))
    thread = in_thread(office, channel, args)
    message = posting.post_ephemeral(office, channel, user, {"text": "", **as_bot(office), **fields, **thread})
    return {"ok": True, "message_ts": message["ts"]}


def _update(office: Office, args: Args) -> Json:
    channel, ts = office.channel(args.need("channel")), args.need("ts")
    message = own_message(office, channel, ts, error="cant_update_message")
    if office.streams.is_live(channel.id, ts, now=office.clock.now()):
        raise Refused("streaming_state_conflict")
    fields = _known_files(office, content(office, args, most=UPDATE_TEXT))
    posting.change(office, channel, message, by=office.workspace.bot_user, **fields)
    return {"ok": True, "channel": channel.id, "ts": ts, "text": message["text"], "message": message}


def _delete(office: Office, args: Args) -> Json:
    channel, ts = office.channel(args.need("channel")), args.need("ts")
    posting.delete(office, channel, own_message(office, channel, ts, error="cant_delete_message"))
    return {"ok": True, "channel": channel.id, "ts": ts}


def _get_permalink(office: Office, args: Args) -> Json:
    channel = office.channel(args.need("channel"))
    message = office.message(channel, args.need("message_ts"))
    link = f"{office.base_url}/#/{channel.id}/thread/{message.get('thread_ts') or message['ts']}"
    return {"ok": True, "channel": channel.id, "permalink": link}


METHODS = {
    "chat.postMessage": Method(run=_post_message, scope="chat:write"),
    "chat.postEphemeral": Method(run=_post_ephemeral, scope="chat:write"),
    "chat.update": Method(run=_update, scope="chat:write"),
    "chat.delete": Method(run=_delete, scope="chat:write"),
    "chat.getPermalink": Method(run=_get_permalink),
}
