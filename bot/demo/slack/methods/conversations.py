"""conversations.*: which channels there are, who is in them, and what was said."""

from bot.demo.slack.arguments import Args
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Channel


def describe(office: Office, channel: Channel) -> Json:
    """A channel object."""
    bot_in = office.workspace.bot_user in channel.members
    about: Json = {
        "id": channel.id,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
        "is_private": channel.is_private or channel.is_im,
        "is_mpim": False,
        "context_team_id": office.workspace.team_id,
    }
    if channel.is_im:
        return {**about, "user": channel.dm_with, "is_open": True}
    return {
        **about,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_member": bot_in,
        "is_general": False,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def page(items: list[Json], args: Args, *, key: str, default: int = 100, most: int = 1000) -> Json:
    """One page of items, and the cursor to the next.

    Raises: Refused `invalid_cursor`.
    """
    limit = max(1, args.number("limit", default, most=most))
    cursor = args.text("cursor") or "next:0"
    if not cursor.removeprefix("next:").isdigit():
        raise Refused("invalid_cursor")
    start = int(cursor.removeprefix("next:"))
    more = start + limit < len(items)
    following = f"next:{start + limit}" if more else ""
    return {
        "ok": True,
        key: items[start : start + limit],
        "has_more": more,
        "response_metadata": {"next_cursor": following},
    }


def _readable(office: Office, args: Args) -> Channel:
    channel = office.channel(args.need("channel"))
    office.need_scope(f"{channel.scope_word}:history")
    if office.workspace.bot_user not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _between(messages: list[Json], args: Args) -> list[Json]:
    """Slack's window: oldest and latest are left out unless `inclusive`."""
    oldest, latest = float(args.text("oldest") or 0), float(args.text("latest") or "inf")
    inclusive = args.flag("inclusive")
    return [
        m for m in messages if oldest < float(m["ts"]) < latest or (inclusive and float(m["ts"]) in (oldest, latest))
    ]


def _seen(messages: list[Json], args: Args) -> list[Json]:
    if args.flag("include_all_metadata"):
        return messages
    return [{name: value for name, value in m.items() if name != "metadata"} for m in messages]


def _history(office: Office, args: Args) -> Json:
    channel = _readable(office, args)
    roots = [office.messages.with_counts(channel.id, m) for m in office.messages.roots(channel.id)]
    newest_first = _between(roots, args)[::-1]
    return page(_seen(newest_first, args), args, key="messages", most=999)


def _replies(office: Office, args: Args) -> Json:
    channel, ts = _readable(office, args), args.need("ts")
    found = office.messages.find(channel.id, ts)
    if found is None:
        raise Refused("thread_not_found")
    thread = [office.messages.with_counts(channel.id, m) for m in office.messages.thread(channel.id, ts)]
    kept = [m for m in thread if m["ts"] == ts or m in _between([m], args)]
    return page(_seen(kept, args), args, key="messages", most=1000)


def _info(office: Office, args: Args) -> Json:
    channel = office.channel(args.need("channel"))
    office.need_scope(f"{channel.scope_word}:read")
    return {"ok": True, "channel": describe(office, channel)}


def _list(office: Office, args: Args) -> Json:
    kinds = set((args.text("types") or "public_channel").split(","))
    names = {"channel": "public_channel", "group": "private_channel", "im": "im"}
    chosen = [c for c in office.workspace.channels.values() if names[c.kind] in kinds]
    visible = [c for c in chosen if c.kind == "channel" or office.workspace.bot_user in c.members]
    if args.flag("exclude_archived"):
        visible = [c for c in visible if not c.is_archived]
    return page([describe(office, channel) for channel in visible], args, key="channels")


def _open(office: Office, args: Args) -> Json:
    if (name := args.text("channel")) is not None:
        return {"ok": True, "channel": {"id": office.channel(name).id}}
    users = [user for user in args.need("users").split(",") if user]
    if len(users) != 1:
        raise Refused("not_enough_users" if not users else "users_list_not_supplied")
    return {"ok": True, "channel": {"id": office.workspace.dm(office.person(users[0]).id).id}}


def _members(office: Office, args: Args) -> Json:
    channel = office.channel(args.need("channel"))
    office.need_scope(f"{channel.scope_word}:read")
    members: list[Json] = sorted(channel.members)  # type: ignore[assignment]  # ids, paged like objects
    return page(members, args, key="members")


def _join(office: Office, args: Args) -> Json:
    channel = office.channel(args.need("channel"))
    if channel.kind != "channel":
        raise Refused("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refused("is_archived")
    channel.members.add(office.workspace.bot_user)
    return {"ok": True, "channel": describe(office, channel)}


METHODS = {
    "conversations.info": Method(run=_info),
    "conversations.history": Method(run=_history),
    "conversations.replies": Method(run=_replies),
    "conversations.list": Method(run=_list, scope="channels:read"),
    "conversations.open": Method(run=_open, scope="im:write"),
    "conversations.members": Method(run=_members),
    "conversations.join": Method(run=_join, scope="channels:join"),
}
