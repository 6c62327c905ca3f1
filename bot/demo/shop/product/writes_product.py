"""Writes on flags, endpoints, content, appeals and campaigns, and the reads that see whether they took."""

from typing import Literal

from pydantic import Field

from bot.demo.shop import writes
from bot.demo.shop.flags import CUSTOMERS
from bot.demo.shop.operation import Asked, Impossible, NotFound, Operation
from bot.demo.shop.product.growth import AUDIENCES, Campaign
from bot.demo.shop.product.reads import AskContent, find_content
from bot.demo.shop.reads_changes import AskFlag, get_flag
from bot.demo.shop.reads_state import AskThrottle, ThrottledEndpoint, get_throttle
from bot.demo.shop.shapes import ChangeOut, ChangeRow, CountedRow, FlagOut, ThrottleOut
from bot.demo.shop.world import World
from bot.demo.shop.writes import Plan

Audience = Literal["lapsed", "express", "everyone"]
Window = Field(pattern=r"^(08:00-10:00|1[02468]:00-(12|14|16|18|20):00|20:00-22:00)$", description="as 18:00-20:00")


class AskFeatureFlag(Asked):
    flag: str = Field(min_length=1, max_length=80)


class ToggleFlag(Asked):
    flag: str = Field(min_length=1, max_length=80)
    on: bool
    rollout: int = Field(ge=0, le=100, description="percent of the customers the flag is meant for")


class ThrottleEndpoint(Asked):
    endpoint: ThrottledEndpoint
    per_second: int = Field(ge=0, le=1000, description="0 lifts the limit")
    expires_at: str | None = Field(default=None, description="ISO 8601; then the limit is lifted by itself")


class RemoveContent(AskContent):
    violation: Literal["scam", "spam", "harassment", "illegal"]


class ResolveAppeal(Asked):
    appeal_id: str = Field(pattern=r"^ap-\d{1,6}$")
    decision: Literal["upheld", "overturned"] = Field(description="overturned: the member was right")


class PlanCampaign(Asked):
    window: str = Window
    audience: Audience
    template: Literal["weekend-deals", "back-in-stock", "free-returns"]


class CancelCampaign(Asked):
    window: str = Window
    audience: Audience


def feature_flag(world: World, asked: AskFeatureFlag) -> FlagOut:
    return get_flag(world, AskFlag(name=asked.flag))


def toggle_flag(world: World, asked: ToggleFlag) -> Plan:
    return writes.set_flag(world, writes.SetFlag(name=asked.flag, on=asked.on, percent=asked.rollout))


def throttle(world: World, asked: ThrottleEndpoint) -> Plan:
    wanted = writes.SetThrottle(endpoint=asked.endpoint, per_second=asked.per_second, expires_at=asked.expires_at)
    return writes.set_throttle(world, wanted)


def remove_content(world: World, asked: RemoveContent) -> Plan:
    content = find_content(world, asked.content_id)
    reports = len(world.moderation.reports_on(content.id))
    state = "removed" if content.removed_for else "visible"
    return Plan(
        before={"content_id": content.id, "state": state, "author": content.author},
        after={"content_id": content.id, "state": "removed", "author": content.author},
        changes=(
            ChangeRow(label=f"content {content.id} of {content.author}", before=state, after="removed for good"),
            ChangeRow(label="views a minute", before=content.views_per_minute, after=0),
            ChangeRow(label="reports answered", before=0, after=reports),
        ),
        counted=CountedRow(count=1, of=len(world.moderation.ids()), unit="pieces of content"),
        apply=lambda: world.moderation.remove(content, asked.violation),
    )


def resolve_appeal(world: World, asked: ResolveAppeal) -> Plan:
    appeal = world.moderation.appeal(asked.appeal_id)
    if appeal is None:
        known = ", ".join(one.id for one in world.moderation.appeals())
        raise NotFound(f"no appeal {asked.appeal_id!r}; known: {known}")
    if appeal.state not in {"open", asked.decision}:
        raise Impossible(f"appeal {appeal.id!r} is already {appeal.state}; a decision is final")
    return Plan(
        before={"appeal_id": appeal.id, "state": appeal.state},
        after={"appeal_id": appeal.id, "state": asked.decision},
        changes=(
            ChangeRow(label=f"appeal {appeal.id} of {appeal.user}", before=appeal.state, after=asked.decision),
            ChangeRow(label="the member is told", before="no", after="yes"),
        ),
        counted=CountedRow(count=1, of=len(world.members.all()), unit="members"),
        apply=lambda: world.moderation.resolve(appeal, asked.decision),
    )


def plan_campaign(world: World, asked: PlanCampaign) -> Plan:
    id_ = world.growth.campaign_id(asked.window, asked.audience)
    known = world.growth.campaigns.get(id_)
    campaign = Campaign(id=id_, audience=asked.audience, window=asked.window, template=asked.template)
    return Plan(
        before={"campaign_id": id_, "planned": known is not None},
        after={"campaign_id": id_, "planned": True},
        changes=(
            ChangeRow(
                label=f"notification before {asked.window}",
                before="none" if known is None else f"{known.template} to {known.audience}",
                after=f"{asked.template} to {asked.audience}",
            ),
        ),
        counted=CountedRow(count=AUDIENCES[asked.audience], of=CUSTOMERS, unit="customers"),
        apply=lambda: world.growth.put(campaign),
    )


def cancel_campaign(world: World, asked: CancelCampaign) -> Plan:
    id_ = world.growth.campaign_id(asked.window, asked.audience)
    known = world.growth.campaigns.get(id_)
    return Plan(
        before={"campaign_id": id_, "planned": known is not None, "template": known.template if known else ""},
        after={"campaign_id": id_, "planned": False, "template": ""},
        changes=(ChangeRow(label=f"before {asked.window}", before=known.template if known else "", after="none"),),
        counted=CountedRow(count=AUDIENCES[asked.audience] if known else 0, of=CUSTOMERS, unit="customers"),
        apply=lambda: world.growth.drop(id_),
    )


def _write(id_: str, path: str, summary: str, takes: type[Asked], handle: object, **example: object) -> Operation:
    return Operation(
        id=id_,
        method="POST",
        path=f"/product/{path}",
        tag="product",
        summary=summary,
        takes=takes,
        gives=ChangeOut,
        handle=handle,  # type: ignore[arg-type]  # each operation knows its own argument model
        example=example,
    )


READS = (
    Operation(
        id="getFeatureFlag",
        method="GET",
        path="/product/flags/{flag}",
        tag="product",
        summary="One feature flag, and what it does at this moment.",
        takes=AskFeatureFlag,
        gives=FlagOut,
        handle=feature_flag,
        example={"flag": "search-synonyms"},
    ),
    Operation(
        id="getEndpointThrottle",
        method="GET",
        path="/product/endpoints/{endpoint}/throttle",
        tag="product",
        summary="The limit of one endpoint.",
        takes=AskThrottle,
        gives=ThrottleOut,
        handle=get_throttle,
        example={"endpoint": "search.query"},
    ),
)

WRITES = (
    _write(
        "toggleFeatureFlag",
        "flags/{flag}",
        "Turn a feature flag on for a share, or off.",
        ToggleFlag,
        toggle_flag,
        flag="search-synonyms",
        on=True,
        rollout=50,
    ),
    _write(
        "throttleEndpoint",
        "endpoints/{endpoint}/throttle",
        "Limit an endpoint until a time, or lift the limit.",
        ThrottleEndpoint,
        throttle,
        endpoint="search.query",
        per_second=50,
        expires_at="2036-01-01T00:00:00Z",
    ),
    _write(
        "removeContent",
        "content/{content_id}/remove",
        "Take content away for good.",
        RemoveContent,
        remove_content,
        content_id="c-203",
        violation="harassment",
    ),
    _write(
        "resolveAppeal",
        "appeals/{appeal_id}/resolve",
        "Decide an appeal; the member is told.",
        ResolveAppeal,
        resolve_appeal,
        appeal_id="ap-1",
        decision="overturned",
    ),
    _write(
        "planCampaign",
        "campaigns",
        "Plan a notification before a window of the day.",
        PlanCampaign,
        plan_campaign,
        window="18:00-20:00",
        audience="lapsed",
        template="weekend-deals",
    ),
    _write(
        "cancelCampaign",
        "campaigns/cancel",
        "Cancel a planned notification.",
        CancelCampaign,
        cancel_campaign,
        window="18:00-20:00",
        audience="lapsed",
    ),
)
