"""The people of the tests: who is in which group, and what cannot be asked."""

from dataclasses import dataclass, field

from policy.people import CannotAsk
from policy.types import Actor, Unasked


@dataclass
class Staff:
    """Who is who now; a test changes it between two steps. `groups[user]` are group handles."""

    groups: dict[str, set[str]] = field(
        default_factory=lambda: {
            "U0ANA": {"operators"},
            "U0DANA": {"operators"},
            "U0SAM": {"operators", "sre"},
            "U0NOOR": {"sre"},
            "U0RILEY": set(),
        }
    )
    bots: set[str] = field(default_factory=set)
    silent: dict[str, str] = field(default_factory=dict)
    """group -> why nobody can say who is in it"""
    lost: str = ""  # why nobody can say who anybody is

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        if self.lost:
            raise CannotAsk(self.lost)
        if user_id not in self.groups:
            return None
        groups = frozenset(self.groups[user_id]) - self.silent.keys()
        unasked = tuple(Unasked(group=group, why=why) for group, why in self.silent.items())
        return Actor(id=user_id, tenant=tenant, groups=groups, is_bot=user_id in self.bots, unasked=unasked)

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        if group in self.silent:
            raise CannotAsk(f"nobody can say who is in @{group} right now: {self.silent[group]}")
        return frozenset(user for user, groups in self.groups.items() if group in groups)
