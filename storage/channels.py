"""What admins set: one row a channel, one (channel "") for the whole workspace. What a row leaves out is inherited."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from storage.clock import now
from storage.db import Tx
from storage.inserts import insert_or_update
from storage.plain import Plain
from storage.tables import channel_settings

WORKSPACE = ""
"""the `channel` of the row every channel inherits from"""


class Mode(StrEnum):
    """What the bot answers without being spoken to."""

    MENTIONS = "mentions"
    """nothing: it speaks when spoken to"""
    BOTS = "bots"
    """what other bots post, such as alerts"""
    EVERY = "every"
    """every message that starts a thread"""


@dataclass(frozen=True, kw_only=True)
class ChannelSettings:
    """One row as it was set; None: inherited."""

    enabled: bool | None = None
    mode: Mode | None = None
    words: str | None = None
    autonomy: int | None = None
    per_minute: int | None = None
    prompt: str | None = None
    local_only: bool | None = None
    hears: str | None = None
    agent: str | None = None


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What holds in one channel, with the defaults nobody changed."""

    enabled: bool = True
    mode: Mode = Mode.MENTIONS
    words: str = ""
    """separated by commas; without a mention only messages with one of them are answered. Empty: all"""
    autonomy: int = 4
    """no action in this channel goes above this level; 4: as the policy's own table says"""
    per_minute: int | None = None
    """requests begun in a minute; further ones wait their turn. None: as the installation says"""
    prompt: str = ""
    """added to the agent's own prompt"""
    local_only: bool = False
    """only brains that send nothing out may read this channel"""
    hears: str = "confidential"
    """how confidential what is said here may be: public | internal | confidential"""
    agent: str = ""
    """which agent works here, by name; "": the installation's default one"""


def _settings(row: Sequence[Any]) -> ChannelSettings:
    values = dict(zip(_FIELDS, row, strict=True))
    for name, read in (("mode", Mode), ("enabled", bool), ("local_only", bool)):
        values[name] = None if values[name] is None else read(values[name])
    return ChannelSettings(**values)


def over(own: ChannelSettings, workspace: ChannelSettings) -> InForce:
    """What a channel's own settings and the workspace's come to."""
    set_ = {name: value for part in (workspace, own) for name, value in asdict(part).items() if value is not None}
    return InForce(**set_)


_FIELDS = tuple(field.name for field in fields(ChannelSettings))
_BOTH = Plain(
    sa.select(channel_settings.c.channel, *(channel_settings.c[name] for name in _FIELDS)).where(
        channel_settings.c.tenant == sa.bindparam("of"),
        sa.or_(channel_settings.c.channel == WORKSPACE, channel_settings.c.channel == sa.bindparam("here")),
    ),
    ("of", "here"),
)
"""made once: every ack waits for it"""


async def rows(tx: Tx, tenant: str, channel: str) -> tuple[ChannelSettings, ChannelSettings]:
    """(the channel's own settings, the workspace's)."""
    found = {at: _settings(row) for at, *row in await _BOTH.run(tx, {"of": tenant, "here": channel})}
    nothing = ChannelSettings()
    return found.get(channel, nothing), found.get(WORKSPACE, nothing)


async def in_force(tx: Tx, tenant: str, channel: str) -> InForce:
    """What holds in this channel now."""
    return over(*await rows(tx, tenant, channel))


async def put(tx: Tx, tenant: str, channel: str, settings: ChannelSettings, *, by: str) -> None:
    """Replace a channel's own settings as a whole."""
    changed = {**asdict(settings), "changed_by": by, "changed_at": now()}
    values = {"tenant": tenant, "channel": channel, **changed}
    await tx.run(insert_or_update(tx, channel_settings, values, key=("tenant", "channel"), again=changed))
