"""Posts to a response url, and what an app may answer together with the ack of a command."""

from bot.demo.slack import posting
from bot.demo.slack.arguments import Args
from bot.demo.slack.methods import chat
from bot.demo.slack.office import Office
from bot.demo.slack.triggers import ResponsePlace
from bot.demo.slack.wire import Json, Refused


def respond(office: Office, place: ResponsePlace, body: Json) -> None:
    """Do what the body says: replace or delete the message, or post one (to one person unless in_channel).

    Raises: Refused with Slack's word.
    """
    channel = office.workspace.channels[place.channel]
    args = Args(body)
    original = None
    if place.message_ts:
        original = office.messages.find(channel.id, place.message_ts)
        original = original or office.messages.find_ephemeral(channel.id, place.message_ts)
    if args.flag("delete_original"):
        if original is None:
            raise Refused("message_not_found")
        return posting.delete(office, channel, original)
    fields = chat.content(office, args, most=chat.POST_TEXT)
    if args.flag("replace_original"):
        if original is None:
            raise Refused("message_not_found")
        by = None if "ephemeral_for" in original else office.workspace.bot_user
        return posting.change(office, channel, original, by=by, **fields)
    message = {"text": "", **chat.as_bot(office), **fields}
    if thread_ts := args.text("thread_ts") or place.thread_ts:
        message["thread_ts"] = thread_ts
    if body.get("response_type") == "in_channel":
        posting.post(office, channel, message)
    else:
        posting.post_ephemeral(office, channel, place.user, message)
    return None
