"""Who is in which group at this moment, from all sources: the People the bot decides with."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.people.listed import Directory
from bot.people.source import Names, Source, SourceDown, is_email
from policy.people import CannotAsk
from policy.types import Actor, Unasked

PATIENCE = 2.0
"""seconds for one group. Slack wants an answer to a press within three, and the vote is written before it"""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Who is in a group, as far as it could be asked."""

    ids: frozenset[str] = frozenset()
    why: str = ""
    """what could not be asked; then others may be in it, too"""
    strangers: Names = frozenset()
    """addresses that no active member has"""


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """A source by its name."""

    source: str


@dataclass(frozen=True, kw_only=True)
class FirstOf:
    """The first that names somebody; one that cannot be asked ends the search."""

    parts: "tuple[Wanted, ...]"


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """Everybody that any of them names."""

    parts: "tuple[Wanted, ...]"


Wanted = OneOf | FirstOf | AnyOf


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Roster:
    """The workspace's people, with the groups of the file; groups it does not name are Slack user groups."""

    directory: Directory
    sources: Mapping[str, Source]
    groups: Mapping[str, Wanted]
    clock: Callable[[], datetime] = field(default=_now)
    patience: float = PATIENCE

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        """The person, when the workspace knows them as an active member; their groups by every source."""
        known = await self.directory.actor(tenant, user_id)
        if known is None:
            return None
        found = await asyncio.gather(*(self.group(tenant, name) for name in self.groups))
        by_name = dict(zip(self.groups, found, strict=True))
        mine = {name for name, group in by_name.items() if user_id in group.ids}
        silent = [
            Unasked(group=name, why=group.why) for name, group in by_name.items() if group.why and name not in mine
        ]
        kept = {*(known.groups - self.groups.keys()), *mine}
        return replace(known, groups=frozenset(kept), unasked=(*known.unasked, *silent))

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        if group not in self.groups:
            return await self.directory.members(tenant, group)
        found = await self.group(tenant, group)
        if found.why:
            raise CannotAsk(f"nobody can say who is in @{group} right now: {found.why}")
        return found.ids

    async def group(self, tenant: str, name: str) -> Found:
        """Who is in one of the file's groups now."""
        try:
            async with asyncio.timeout(self.patience):
                return await self._resolve(tenant, self.groups[name])
        except TimeoutError:
            return Found(why=f"the sources did not answer within {self.patience:g} s")

    async def source(self, tenant: str, name: str) -> Found:
        """Whom one source names now."""
        try:
            names = await self.sources[name].names(self.clock())
            pairs = [(one, await self._member(tenant, one)) for one in sorted(names)]
        except (SourceDown, CannotAsk) as down:
            return Found(why=str(down))
        return Found(
            ids=frozenset(user for _, user in pairs if user is not None),
            strangers=frozenset(one for one, user in pairs if user is None),
        )

    async def _member(self, tenant: str, name: str) -> str | None:
        return await self.directory.by_email(tenant, name) if is_email(name) else name

    async def _resolve(self, tenant: str, wanted: Wanted) -> Found:
        match wanted:
            case OneOf(source=source):
                return await self.source(tenant, source)
            case FirstOf(parts=parts):
                found = Found()
                for part in parts:
                    found = await self._resolve(tenant, part)
                    if found.ids or found.why:
                        break
                return found
            case AnyOf(parts=parts):
                all_of = await asyncio.gather(*(self._resolve(tenant, part) for part in parts))
                return Found(
                    ids=frozenset().union(*(one.ids for one in all_of)),
                    why="; ".join(one.why for one in all_of if one.why),
                    strangers=frozenset().union(*(one.strangers for one in all_of)),
                )
