"""chat.startStream, appendStream and stopStream: the rules are in streams.py, here they meet the messages."""

from bot.demo.slack import blocks, posting
from bot.demo.slack.arguments import Args
from bot.demo.slack.methods import agents, chat
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused


def _start(office: Office, args: Args) -> Json:
    channel = office.writable(args.need("channel"))
    thread = chat.in_thread(office, channel, args)
    if (team := args.text("recipient_team_id")) and team != office.workspace.team_id:
        raise Refused("team_not_found")
    if (user := args.text("recipient_user_id")) and user not in office.workspace.people:
        raise Refused("user_not_found")
    stream = office.streams.start(
        channel=channel.id,
        ts=office.messages.next_ts(),
        thread_ts=thread.get("thread_ts"),
        now=office.clock.now(),
        is_dm=channel.is_im,
        recipient_user_id=args.text("recipient_user_id"),
        recipient_team_id=team,
        markdown_text=args.text("markdown_text"),
        chunks=args.listing("chunks", error="invalid_chunks"),
        task_display_mode=args.text("task_display_mode"),
    )
    message = {**chat.as_bot(office), "ts": stream.ts, "text": stream.text, **thread}
    posting.post(office, channel, message)
    chat.clear_note(office, channel, stream.thread_ts)
    return {"ok": True, "channel": channel.id, "ts": stream.ts}


def _append(office: Office, args: Args) -> Json:
    channel, ts = office.channel(args.need("channel")), args.need("ts")
    message = chat.own_message(office, channel, ts, error="message_not_owned_by_app")
    stream = office.streams.append(
        channel=channel.id,
        ts=ts,
        now=office.clock.now(),
        markdown_text=args.text("markdown_text"),
        chunks=args.listing("chunks", error="invalid_chunks"),
    )
    message["text"] = stream.text
    posting.show(office, channel, message)
    return {"ok": True, "channel": channel.id, "ts": ts}


def _stop(office: Office, args: Args) -> Json:
    channel, ts = office.channel(args.need("channel")), args.need("ts")
    message = chat.own_message(office, channel, ts, error="message_not_owned_by_app")
    raw_blocks = args.listing("blocks", error="invalid_blocks_format")
    checked = blocks.check(raw_blocks) if raw_blocks else []
    metadata = chat.read_metadata(args)
    session_status = args.text("session_status")
    if session_status is not None:
        agents.check_status(session_status)
    stream = office.streams.stop(
        channel=channel.id,
        ts=ts,
        now=office.clock.now(),
        markdown_text=args.text("markdown_text"),
        chunks=args.listing("chunks", error="invalid_chunks"),
        blocks=checked,
    )
    fields: Json = {"text": stream.text, "blocks": checked}
    if metadata is not None:
        fields["metadata"] = metadata
    posting.change(office, channel, message, **fields)
    if session_status is not None and stream.thread_ts:
        agents.set_status(office, channel.id, stream.thread_ts, session_status)
    return {"ok": True, "channel": channel.id, "ts": ts, "message": message}


METHODS = {
    "chat.startStream": Method(run=_start, scope="chat:write"),
    "chat.appendStream": Method(run=_append, scope="chat:write"),
    "chat.stopStream": Method(run=_stop, scope="chat:write"),
}
