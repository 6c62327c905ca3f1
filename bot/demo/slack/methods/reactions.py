"""reactions.*"""

from bot.demo.slack import posting
from bot.demo.slack.arguments import Args
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Channel


def react(office: Office, channel: Channel, message: Json, user: str, name: str, *, remove: bool = False) -> None:
    """Put one person's emoji on a message, or take it away; the app hears of it.

    Raises: Refused `already_reacted` or `no_reaction`.
    """
    reactions: list[Json] = message.setdefault("reactions", [])
    mine = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if remove:
        if mine is None or user not in mine["users"]:
            raise Refused("no_reaction")
        mine["users"].remove(user)
    else:
        if mine is not None and user in mine["users"]:
            raise Refused("already_reacted")
        if mine is None:
            mine = {"name": name, "users": []}
            reactions.append(mine)
        mine["users"].append(user)
    mine["count"] = len(mine["users"])
    message["reactions"] = [reaction for reaction in reactions if reaction["users"]]
    if not message["reactions"]:
        del message["reactions"]
    posting.show(office, channel, message)
    kind = "reaction_removed" if remove else "reaction_added"
    event = {
        "type": kind,
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
        "item_user": message.get("user"),
        "event_ts": office.messages.next_ts(),
    }
    if office.workspace.bot_user in channel.members:
        office.emit(event, kind)


def _change(office: Office, args: Args, *, remove: bool) -> Json:
    channel = office.writable(args.need("channel"))
    message = office.message(channel, args.need("timestamp"))
    name = args.need("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise Refused("invalid_name")
    react(office, channel, message, office.workspace.bot_user, name, remove=remove)
    return {"ok": True}


def _add(office: Office, args: Args) -> Json:
    return _change(office, args, remove=False)


def _remove(office: Office, args: Args) -> Json:
    return _change(office, args, remove=True)


def _get(office: Office, args: Args) -> Json:
    channel = office.channel(args.need("channel"))
    message = office.message(channel, args.need("timestamp"))
    return {"ok": True, "type": "message", "channel": channel.id, "message": message}


METHODS = {
    "reactions.add": Method(run=_add, scope="reactions:write"),
    "reactions.remove": Method(run=_remove, scope="reactions:write"),
    "reactions.get": Method(run=_get, scope="reactions:read"),
}
