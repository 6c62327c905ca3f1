"""Calls, people and tools that are valid by default; a test overrides what matters to it."""

from collections.abc import Mapping
from dataclasses import replace

from policy.types import ActionSpec, Actor, CallRequest, ParamValue, Place, Target, Tier

GROUPS = ("operators", "sre", "sre-leads")
TOOLS = (
    ActionSpec(name="logs.search", tier=Tier.READ, target_kind="service", params={"query": "String"}),
    ActionSpec(
        name="k8s.scale",
        tier=Tier.REVERSIBLE,
        target_kind="service",
        params={"replicas": "Long", "zones": "Set<String>", "wait": "Bool"},
        optional=frozenset({"zones", "wait"}),
    ),
    ActionSpec(name="db.drop_table", tier=Tier.IRREVERSIBLE, target_kind="database", params={"table": "String"}),
)


def an_actor(ident: str = "U-requester", *groups: str, tenant: str = "T-here", is_bot: bool = False) -> Actor:
    return Actor(id=ident, tenant=tenant, groups=frozenset(groups), is_bot=is_bot)


def a_scale(params: Mapping[str, ParamValue] | None = None, **changes: object) -> CallRequest:
    call = CallRequest(
        tool="k8s.scale",
        tier=Tier.REVERSIBLE,
        tenant="T-here",
        agent="autopilot",
        requester=an_actor(),
        place=Place(id="C-ops", tenant="T-here", max_autonomy=3),
        target=Target(kind="service", id="checkout", env="prod"),
        params={"replicas": 3} if params is None else params,
        reason_code="TICKET",
        calls_1h=1,
    )
    return replace(call, **changes)  # type: ignore[arg-type]
