"""Reads about how the shop does: error rates, series, logs."""

from collections import Counter
from typing import Literal

from pydantic import Field

from bot.demo.shop.checkout import FLAG
from bot.demo.shop.clock import iso
from bot.demo.shop.counters import NOW_SECONDS, Cell
from bot.demo.shop.operation import Asked, Operation
from bot.demo.shop.shapes import (
    EndpointNumbers,
    ErrorRate,
    FlagNumbers,
    LogLineOut,
    LogPage,
    MessageCount,
    Now,
    Point,
    Series,
)
from bot.demo.shop.world import World

Service = Literal["storefront", "checkout", "search", "social"]
BAD_RATE = 0.05


class AskErrorRate(Asked):
    service: Service
    minutes: int = Field(default=15, ge=1, le=60)


class AskSeries(Asked):
    name: Literal[
        "storefront.error_rate",
        "checkout.error_rate",
        "search.error_rate",
        "social.error_rate",
        "checkout.backlog",
        "checkout.database_ms",
        "pipeline.lag",
        "social.replies",
    ]
    minutes: int = Field(default=15, ge=1, le=60)


class AskLogs(Asked):
    query: str = Field(default="", max_length=200, description="words that must all occur")
    service: Literal["", "storefront", "checkout", "search", "social", "pipeline"] = ""
    minutes: int = Field(default=15, ge=1, le=60)
    limit: int = Field(default=20, ge=1, le=100)


def _numbers(cell: Cell) -> dict[str, float]:
    return {"requests": cell.requests, "errors": cell.errors, "rate": cell.rate, "p95_ms": cell.p95_ms}


def error_rate(world: World, asked: AskErrorRate) -> ErrorRate:
    """How many requests of one service fail, where, and with which flag."""
    span = asked.minutes * 60
    by_key = world.counters.by_key(world.at, span, asked.service)
    total = world.counters.total(world.at, span, asked.service)
    by_endpoint: dict[str, Cell] = {}
    for key, cell in by_key.items():
        by_endpoint.setdefault(key.endpoint, Cell()).add(cell)
    flagged = {key.endpoint for key in by_key if key.flag}
    return ErrorRate(
        service=asked.service,
        start=iso(world.at - span),
        end=iso(world.at),
        minutes=asked.minutes,
        requests=total.requests,
        errors=total.errors,
        rate=total.rate,
        now=Now.model_validate(
            {"seconds": NOW_SECONDS, **_numbers(world.counters.total(world.at, NOW_SECONDS, asked.service))}
        ),
        by_endpoint=[
            EndpointNumbers.model_validate({"endpoint": endpoint, **_numbers(cell)})
            for endpoint, cell in sorted(by_endpoint.items(), key=lambda row: (-row[1].errors, row[0]))
        ],
        by_flag=[
            FlagNumbers.model_validate(
                {"endpoint": key.endpoint, "flag": FLAG, "state": "on" if key.flag else "off", **_numbers(cell)}
            )
            for key, cell in sorted(by_key.items(), key=lambda row: (row[0].endpoint, not row[0].flag))
            if key.endpoint in flagged
        ],
        began_at=_began_at(world, asked.service, span),
        retry_backlog=len(world.checkout.backlog) if asked.service == "checkout" else 0,
    )


def _began_at(world: World, service: str, span: int) -> str | None:
    """The first of two bad 10-second slots in a row, so that one stray error does not count as a beginning."""
    slots: dict[int, Cell] = {}
    for second, _, cell in world.counters.rows(world.at, span, service):
        slots.setdefault(second // 10, Cell()).add(cell)
    bad = [slot for slot, cell in slots.items() if cell.rate >= BAD_RATE]
    first = next((slot for slot in sorted(bad) if slot + 1 in bad), None)
    return iso(first * 10) if first is not None else None


def series(world: World, asked: AskSeries) -> Series:
    """One metric over time, in 60 points at most."""
    end = int(world.at) + 1
    step = asked.minutes
    starts = range(end - asked.minutes * 60, end, step)
    component, _, what = asked.name.partition(".")
    if what == "error_rate":
        slots: dict[int, Cell] = {}
        for second, _, cell in world.counters.rows(world.at, asked.minutes * 60, component):
            slots.setdefault((second - starts[0]) // step, Cell()).add(cell)
        values = [slots[index].rate if index in slots else 0.0 for index in range(len(starts))]
        unit = "share of requests, 0 to 1"
    elif what == "replies":
        times = Counter((int(reply.at) - starts[0]) // step for reply in world.social.replies)
        values = [round(times[index] * 60 / step, 1) for index in range(len(starts))]
        unit = "replies per minute"
    else:
        values = [max(world.gauges.between(asked.name, start, start + step), default=0.0) for start in starts]
        unit = "orders"
    points = [Point(at=iso(start), value=value) for start, value in zip(starts, values, strict=True)]
    return Series(name=asked.name, unit=unit, step_seconds=step, points=points)


def search_logs(world: World, asked: AskLogs) -> LogPage:
    """Log lines that hold all words of the query, counted by message."""
    since = world.at - asked.minutes * 60
    found = list(world.logs.search(query=asked.query, component=asked.service, since=since))
    flags: dict[str, set[str]] = {}
    for line in found:
        flags.setdefault(line.message, set()).add(dict(line.fields).get("flag", ""))
    counts = Counter(line.message for line in found).most_common(10)
    return LogPage(
        query=asked.query,
        start=iso(since),
        end=iso(world.at),
        matched=len(found),
        by_message=[
            MessageCount(
                message=message,
                count=count,
                flag=next(iter(flags[message])) if len(flags[message]) == 1 else None,
            )
            for message, count in counts
        ],
        lines=[
            LogLineOut(
                at=iso(line.at),
                level=line.level,
                service=line.component,
                message=line.message,
                trace_id=line.trace_id,
                fields=dict(line.fields),
            )
            for line in found[: asked.limit]
        ],
    )


READS = (
    Operation(
        id="getErrorRate",
        method="GET",
        path="/metrics/error-rate",
        tag="health",
        summary="How many requests of one service fail: by endpoint, and with a flag on and off.",
        takes=AskErrorRate,
        gives=ErrorRate,
        handle=error_rate,
        example={"service": "checkout", "minutes": 15},
    ),
    Operation(
        id="getSeries",
        method="GET",
        path="/metrics/series",
        tag="health",
        summary="One metric over time, in 60 points.",
        takes=AskSeries,
        gives=Series,
        handle=series,
        example={"name": "checkout.error_rate", "minutes": 15},
    ),
    Operation(
        id="searchLogs",
        method="GET",
        path="/logs",
        tag="health",
        summary="Log lines that hold all words of a query, newest first, counted by message.",
        takes=AskLogs,
        gives=LogPage,
        handle=search_logs,
        example={"query": "payment refused", "service": "checkout", "minutes": 15},
    ),
)
