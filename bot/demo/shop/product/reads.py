"""Reads of the product operations: one member, one piece of content, a queue, a dashboard."""

from collections import Counter
from typing import Literal

from pydantic import Field

from bot.demo.shop.clock import iso, iso_or_none
from bot.demo.shop.counters import NOW_SECONDS
from bot.demo.shop.operation import Asked, AskNothing, NotFound, Operation
from bot.demo.shop.product.growth import USUAL_ORDERS
from bot.demo.shop.product.members import SESSION_LIMIT, Member
from bot.demo.shop.product.moderation import Content
from bot.demo.shop.product.shapes import (
    CampaignList,
    CampaignOut,
    Content360,
    Dashboard,
    QueueItem,
    QueueState,
    ReportCount,
    SessionOut,
    Tile,
    User360,
)
from bot.demo.shop.shapes import FrictionOut
from bot.demo.shop.world import World

LOGIN_SECONDS = 600
STATES = ("ok", "watch", "bad")
UserId = Field(pattern=r"^[a-z]-\d{1,6}$", description="a member, as a-17")


class AskUser(Asked):
    user_id: str = UserId


class AskContent(Asked):
    content_id: str = Field(pattern=r"^c-\d{1,6}$", description="a piece of content, as c-201")


class AskQueueState(Asked):
    name: Literal["reports", "appeals", "orders"]


class AskDashboard(Asked):
    name: Literal["reliability", "safety", "support", "growth", "pipeline"]


def find_member(world: World, user_id: str) -> Member:
    """The member, or NotFound."""
    member = world.members.find(user_id)
    if member is None:
        raise NotFound(f"no member {user_id!r}; ids look like a-17")
    return member


def find_content(world: World, content_id: str) -> Content:
    """The content, or NotFound with the ids there are."""
    content = world.moderation.find(content_id)
    if content is None:
        raise NotFound(f"no content {content_id!r}; known: {', '.join(world.moderation.ids())}")
    return content


def user_360(world: World, asked: AskUser) -> User360:
    member = find_member(world, asked.user_id)
    refused = sum(at >= world.at - LOGIN_SECONDS for at in member.refused)
    since = max(member.password_since, max((one.since for one in member.sessions), default=0.0))
    lately = bool(refused) and member.refused[-1] > since
    written = world.moderation.by_author(asked.user_id)
    return User360(
        user_id=asked.user_id,
        at=iso(world.at),
        age_days=member.account.age_days,
        login="refused" if lately else "ok",
        refused_logins=refused,
        refused_why=f"{SESSION_LIMIT} sessions are open, the limit is {SESSION_LIMIT}" if lately else "",
        session_limit=SESSION_LIMIT,
        sessions=[
            SessionOut(id=one.id, country=one.country, device=one.device, since=iso(one.since))
            for one in member.sessions
        ],
        countries=sorted({one.country for one in member.sessions}),
        push_tokens=list(member.tokens),
        reset_link_sent=member.reset_link_at is not None,
        friction=FrictionOut(
            seconds=member.friction.seconds,
            expires_at=iso_or_none(member.friction.expires_at),
        ),
        banned_until=iso_or_none(member.banned_until),
        replies_1h=sum(reply.account.id == asked.user_id for reply in world.social.replies),
        content=[one.id for one in written if not one.removed_for and world.moderation.reports_on(one.id)],
        removed_before=sum(bool(one.removed_for) for one in written),
    )


def content_360(world: World, asked: AskContent) -> Content360:
    content = find_content(world, asked.content_id)
    kinds = Counter(report.kind for report in world.moderation.reports_on(content.id))
    return Content360(
        content_id=content.id,
        at=iso(world.at),
        post_id=content.post,
        author=content.author,
        author_age_days=find_member(world, content.author).account.age_days,
        text=content.text,
        minutes_old=content.minutes_old,
        views_per_minute=content.views_per_minute,
        reports=kinds.total(),
        reported_as=[ReportCount(kind=kind, count=count) for kind, count in kinds.most_common()],
        state="removed" if content.removed_for else "visible",
        removed_for=content.removed_for,
    )


def queue_state(world: World, asked: AskQueueState) -> QueueState:
    match asked.name:
        case "reports":
            reported = world.moderation.reported()
            items = [
                QueueItem(id=c.id, about=f"reply to {c.post}", weight=len(world.moderation.reports_on(c.id)))
                for c in reported
            ]
            oldest = max((content.minutes_old for content in reported), default=0.0)
            state = "behind" if any(item.weight >= 10 for item in items) else "ok"
        case "appeals":
            open_ = [appeal for appeal in world.moderation.appeals() if appeal.state == "open"]
            items = [QueueItem(id=appeal.id, about=appeal.about, weight=1) for appeal in open_]
            oldest, state = (60.0 if open_ else 0.0), "ok"
        case "orders":
            pipeline = world.pipeline
            lag = pipeline.lag()
            items = [QueueItem(id="analytics-1", about=f"consumer, {lag} orders behind", weight=lag)]
            oldest = round(pipeline.oldest_seconds(world.at) / 60, 1)
            state = "stuck" if pipeline.stuck_since is not None else "behind" if lag > 500 else "ok"
    waiting = items[0].weight if asked.name == "orders" else len(items)
    return QueueState.model_validate(
        {
            "name": asked.name,
            "at": iso(world.at),
            "waiting": waiting,
            "oldest_minutes": oldest,
            "state": state,
            "items": items[:20],
        }
    )


def _tile(label: str, value: float, unit: str, usual: float, watch: float, bad: float) -> Tile:
    """`watch` and `bad`: how far from usual, in the tile's own unit."""
    off = abs(value - usual)
    state = STATES[(off >= watch) + (off >= bad)]
    return Tile.model_validate({"label": label, "value": value, "unit": unit, "usual": usual, "state": state})


def _tiles(world: World, name: str) -> list[Tile]:
    now = NOW_SECONDS
    if name == "reliability":
        return [
            _tile(service, world.counters.total(world.at, 60, service).rate, "share failing", 0.0, 0.02, 0.05)
            for service in ("checkout", "storefront", "search", "social")
        ]
    if name == "safety":
        replies = sum(reply.at >= world.at - 60 for reply in world.social.replies)
        most = max((len(world.moderation.reports_on(c.id)) for c in world.moderation.reported()), default=0)
        return [
            _tile("most reports on one reply", most, "reports", 0, 5, 10),
            _tile("replies a minute", replies, "replies", 60, 120, 300),
        ]
    if name == "support":
        refused = sum(at >= world.at - LOGIN_SECONDS for m in world.members.all() for at in m.refused)
        return [_tile("refused logins", refused, "in 10 min", 0, 3, 30)]
    if name == "growth":
        return [
            _tile(window, world.growth.orders(window), "orders yesterday", usual, 0.1 * usual, 0.25 * usual)
            for window, usual in USUAL_ORDERS.items()
        ]
    orders = world.counters.total(world.at, now, "checkout").requests / now
    return [
        _tile("lag of analytics", world.pipeline.lag(), "orders", 0, 100, 500),
        _tile("orders a second", round(orders, 1), "orders", 5.0, 4.0, 20.0),
    ]


def dashboard(world: World, asked: AskDashboard) -> Dashboard:
    tiles = _tiles(world, asked.name)
    off = [tile for tile in tiles if tile.state != "ok"]
    worst = max(off, key=lambda tile: abs(tile.value - tile.usual) / max(tile.usual, 1e-9), default=None)
    return Dashboard(name=asked.name, at=iso(world.at), tiles=tiles, worst=worst.label if worst else "")


def campaigns(world: World, _: AskNothing) -> CampaignList:
    planned = world.growth.campaigns.values()
    return CampaignList(
        campaigns=[
            CampaignOut(campaign_id=one.id, audience=one.audience, window=one.window, template=one.template)
            for one in planned
        ]
    )


READS = (
    Operation(
        id="getUser360",
        method="GET",
        path="/product/users/{user_id}",
        tag="product",
        summary="Everything support and safety look at about one member.",
        takes=AskUser,
        gives=User360,
        handle=user_360,
        example={"user_id": "a-17"},
    ),
    Operation(
        id="getContent360",
        method="GET",
        path="/product/content/{content_id}",
        tag="product",
        summary="One piece of content: text, author, reports, reach.",
        takes=AskContent,
        gives=Content360,
        handle=content_360,
        example={"content_id": "c-201"},
    ),
    Operation(
        id="getQueueState",
        method="GET",
        path="/product/queues/{name}",
        tag="product",
        summary="What waits in one queue, heaviest first.",
        takes=AskQueueState,
        gives=QueueState,
        handle=queue_state,
        example={"name": "reports"},
    ),
    Operation(
        id="getDashboardSnapshot",
        method="GET",
        path="/product/dashboards/{name}",
        tag="product",
        summary="The numbers of one dashboard as they stand, against what is usual.",
        takes=AskDashboard,
        gives=Dashboard,
        handle=dashboard,
        example={"name": "growth"},
    ),
    Operation(
        id="listCampaigns",
        method="GET",
        path="/product/campaigns",
        tag="product",
        summary="Notifications that are planned and not yet sent.",
        takes=AskNothing,
        gives=CampaignList,
        handle=campaigns,
        example={},
    ),
)
