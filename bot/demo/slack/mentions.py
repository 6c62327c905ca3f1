"""Turns what a person types into what Slack stores: escaped, with @names and #channels as ids."""

import re

from bot.demo.slack.workspace import Workspace

_ALREADY = re.compile(r"<(?:[@#!][^<>\n]+|https?://[^<>\n]+)>")
_NAME = re.compile(r"(?<![\w@#<])([@#])([\w.-]*\w)")


def encode(workspace: Workspace, typed: str) -> str:
    """The text of the message; what already is in Slack's form stays as it is."""
    parts, end = [], 0
    for found in _ALREADY.finditer(typed):
        parts += [_plain(workspace, typed[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, _plain(workspace, typed[end:])])


def _plain(workspace: Workspace, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _NAME.sub(lambda found: _name(workspace, found), escaped)


def _name(workspace: Workspace, found: re.Match[str]) -> str:
    sign, name = found.groups()
    if sign == "#":
        channel = workspace.channel(name)
        return f"<#{channel.id}|{channel.name}>" if channel else found.group()
    for person in workspace.people.values():
        if name.lower() == person.name:
            return f"<@{person.id}>"
    for group in workspace.groups.values():
        if name.lower() == group.handle:
            return f"<!subteam^{group.id}|@{group.handle}>"
    return f"<!{name}>" if name in ("here", "channel", "everyone") else found.group()
