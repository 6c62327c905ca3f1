"""Reads about what is limited and what is behind: throttles, the queue, and what analytics lacks of its orders."""

from typing import Literal

from pydantic import Field

from bot.demo.shop.clock import iso, iso_or_none, seconds_of
from bot.demo.shop.operation import Asked, AskNothing, Impossible, Operation
from bot.demo.shop.shapes import (
    BackfillList,
    BackfillOut,
    ConsumerOut,
    Gap,
    QueueOut,
    ThrottleList,
    ThrottleOut,
)
from bot.demo.shop.throttles import ENDPOINTS
from bot.demo.shop.world import World

GAP_SECONDS = 1800
ThrottledEndpoint = Literal[
    "storefront.product",
    "storefront.home",
    "search.query",
    "checkout.order",
    "checkout.retry",
    "social.read",
    "social.reply",
    "pipeline.publish",
]


class AskThrottle(Asked):
    endpoint: ThrottledEndpoint


class AskGap(Asked):
    start: str = Field(description="ISO 8601, included")
    end: str = Field(description="ISO 8601, not included")


class AskQueue(Asked):
    name: Literal["orders"]


def throttle_out(world: World, endpoint: str) -> ThrottleOut:
    throttle = world.throttles.of(endpoint)
    return ThrottleOut(
        endpoint=endpoint, per_second=throttle.per_second or 0, expires_at=iso_or_none(throttle.expires_at)
    )


def get_throttle(world: World, asked: AskThrottle) -> ThrottleOut:
    return throttle_out(world, asked.endpoint)


def list_throttles(world: World, _: AskNothing) -> ThrottleList:
    return ThrottleList(throttles=[throttle_out(world, endpoint) for endpoint in ENDPOINTS])


def gap(world: World, start: float, end: float) -> Gap:
    """What analytics lacks of one window."""
    return Gap(
        start=iso(start),
        end=iso(end),
        orders=len(world.pipeline.orders(start, end)),
        missing=len(world.pipeline.missing(start, end)),
    )


def get_queue(world: World, _: AskQueue) -> QueueOut:
    """The queue `orders`: lag, consumer, and what analytics lacks."""
    pipeline, at = world.pipeline, world.at
    missing = pipeline.missing(at - GAP_SECONDS, at)
    before = world.gauges.between("pipeline.lag", int(at) - 300, int(at) - 298)
    return QueueOut(
        name="orders",
        lag=pipeline.lag(),
        oldest_seconds=pipeline.oldest_seconds(at),
        arriving_per_minute=len(pipeline.orders(at - 60, at)),
        lag_5_minutes_ago=int(before[0]) if before else 0,
        consumer=ConsumerOut(
            name="analytics-1",
            state="stuck" if pipeline.stuck_since is not None else "running",
            generation=pipeline.generation,
            in_flight=len(pipeline.in_flight),
            stuck_since=iso_or_none(pipeline.stuck_since),
            silent_seconds=int(at - pipeline.written_at),
        ),
        gap=gap(world, at - GAP_SECONDS, at),
        # Whole minutes, so that the window stays the same however often it is asked for.
        gap_window=gap(world, missing[0].at // 60 * 60, missing[-1].at // 60 * 60 + 60) if missing else None,
    )


def get_gap(world: World, asked: AskGap) -> Gap:
    """What analytics lacks of the window asked for."""
    try:
        return gap(world, seconds_of(asked.start), seconds_of(asked.end))
    except ValueError:
        raise Impossible("start and end must be ISO 8601 times; write 2026-09-21T13:33:20Z") from None


def list_backfills(world: World, _: AskNothing) -> BackfillList:
    return BackfillList(
        backfills=[
            BackfillOut(id=done.id, start=iso(done.start), end=iso(done.end), rows=done.rows)
            for done in world.pipeline.backfills
        ]
    )


READS = (
    Operation(
        id="listThrottles",
        method="GET",
        path="/throttles",
        tag="throttles",
        summary="The limit of every endpoint.",
        takes=AskNothing,
        gives=ThrottleList,
        handle=list_throttles,
        example={},
    ),
    Operation(
        id="getThrottle",
        method="GET",
        path="/throttles/{endpoint}",
        tag="throttles",
        summary="The limit of one endpoint.",
        takes=AskThrottle,
        gives=ThrottleOut,
        handle=get_throttle,
        example={"endpoint": "checkout.retry"},
    ),
    Operation(
        id="getQueue",
        method="GET",
        path="/queues/{name}",
        tag="pipeline",
        summary="Lag and consumer of a queue, and what analytics lacks.",
        takes=AskQueue,
        gives=QueueOut,
        handle=get_queue,
        example={"name": "orders"},
    ),
    Operation(
        id="getGap",
        method="GET",
        path="/pipeline/gap",
        tag="pipeline",
        summary="How many orders of a window analytics lacks.",
        takes=AskGap,
        gives=Gap,
        handle=get_gap,
        example={"start": "2026-09-21T13:30:00Z", "end": "2026-09-21T13:45:00Z"},
    ),
    Operation(
        id="listBackfills",
        method="GET",
        path="/backfills",
        tag="pipeline",
        summary="Windows of orders that were read again.",
        takes=AskNothing,
        gives=BackfillList,
        handle=list_backfills,
        example={},
    ),
)
