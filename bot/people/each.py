"""Who is who in several workspaces: to each its own People, made when it is first asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

from policy.people import People
from policy.types import Actor


@dataclass
class EachWorkspace:
    """Sources such as a workspace's user groups belong to one workspace; so does everything made of them."""

    make: Callable[[str], People]
    _made: dict[str, People] = field(default_factory=dict)

    async def actor(self, tenant: str, user_id: str) -> Actor | None:
        return await self._of(tenant).actor(tenant, user_id)

    async def members(self, tenant: str, group: str) -> frozenset[str]:
        return await self._of(tenant).members(tenant, group)

    def _of(self, tenant: str) -> People:
        if tenant not in self._made:
            self._made[tenant] = self.make(tenant)
        return self._made[tenant]
