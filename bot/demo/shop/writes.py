"""Writes. Each is planned from live state first; a dry run shows the plan, a real one applies the same plan."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field, JsonValue

from bot.demo.shop.clock import iso, iso_or_none, seconds_of
from bot.demo.shop.flags import CUSTOMERS
from bot.demo.shop.operation import Asked, Impossible, Operation
from bot.demo.shop.pipeline import KEEP_SECONDS
from bot.demo.shop.reads_changes import find_flag
from bot.demo.shop.reads_social import find_post
from bot.demo.shop.reads_state import ThrottledEndpoint
from bot.demo.shop.shapes import ChangeOut, ChangeRow, CountedRow, ImpactOut
from bot.demo.shop.social import Friction
from bot.demo.shop.throttles import ENDPOINTS, Throttle
from bot.demo.shop.world import World

ACTIVE_SECONDS = 600
State = dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a write would do, and how to do it."""

    before: State
    after: State
    changes: tuple[ChangeRow, ...]
    counted: CountedRow
    apply: Callable[[], None]

    def out(self) -> ChangeOut:
        """The plan as the API shows it, not applied."""
        return ChangeOut(
            dry_run=True,
            before=self.before,
            after=self.after,
            changes=list(self.changes),
            impact=ImpactOut(counted=[self.counted]),
            effect=None,
        )


class SetFlag(Asked):
    name: str = Field(min_length=1, max_length=80)
    on: bool
    percent: int = Field(ge=0, le=100, description="share of the customers the flag is meant for")


class SetThrottle(Asked):
    endpoint: ThrottledEndpoint
    per_second: int = Field(ge=0, le=1000, description="0 lifts the limit")
    minutes: int | None = Field(default=None, ge=1, le=1440, description="lifted by itself after this time")
    expires_at: str | None = Field(default=None, description="ISO 8601; wins over minutes")


class SetFriction(Asked):
    post_id: str = Field(min_length=1, max_length=20)
    seconds_between_replies: int = Field(ge=0, le=3600, description="0 ends the friction")
    minutes: int | None = Field(default=None, ge=1, le=1440)
    expires_at: str | None = Field(default=None, description="ISO 8601; wins over minutes")


class RestartConsumer(Asked):
    name: Literal["orders"]
    consumer: Literal["analytics-1"] = "analytics-1"


class StartBackfill(Asked):
    start: str = Field(description="ISO 8601, included")
    end: str = Field(description="ISO 8601, not included; at most 60 minutes after start")


def _end(world: World, minutes: int | None, expires_at: str | None) -> float | None:
    if expires_at is None:
        return float(int(world.at) + minutes * 60) if minutes else None
    try:
        return seconds_of(expires_at)
    except ValueError:
        raise Impossible(f"expires_at {expires_at!r} is not an ISO 8601 time; write 2026-09-21T13:33:20Z") from None


def set_flag(world: World, asked: SetFlag) -> Plan:
    flag = find_flag(world, asked.name)
    after = replace(flag, on=asked.on, percent=asked.percent)
    return Plan(
        before={"name": flag.name, "on": flag.on, "percent": flag.percent},
        after={"name": flag.name, "on": after.on, "percent": after.percent},
        changes=(
            ChangeRow(label=f"flag {flag.name}", before=flag.words, after=after.words),
            ChangeRow(label="customers served by it", before=flag.customers, after=after.customers),
        ),
        counted=CountedRow(count=abs(flag.customers - after.customers), of=CUSTOMERS, unit="customers"),
        apply=lambda: world.flags.change(after, by="api", at=world.at),
    )


def set_throttle(world: World, asked: SetThrottle) -> Plan:
    before = world.throttles.of(asked.endpoint)
    expires = _end(world, asked.minutes, asked.expires_at) if asked.per_second else None
    after = Throttle(per_second=asked.per_second or None, expires_at=expires)
    return Plan(
        before=_throttle_state(asked.endpoint, before),
        after=_throttle_state(asked.endpoint, after),
        changes=(
            ChangeRow(label=f"limit of {asked.endpoint}", before=before.words, after=after.words),
            ChangeRow(
                label="lifted by itself", before=_ends(before.expires_at), after=_ends(after.expires_at, asked.minutes)
            ),
        ),
        counted=CountedRow(count=1, of=len(ENDPOINTS), unit="endpoints"),
        apply=lambda: world.throttles.put(asked.endpoint, after, at=world.at),
    )


def _throttle_state(endpoint: str, throttle: Throttle) -> State:
    return {
        "endpoint": endpoint,
        "per_second": throttle.per_second or 0,
        "expires_at": iso_or_none(throttle.expires_at),
    }


def _ends(at: float | None, minutes: int | None = None) -> str:
    """A span while it is only planned: an instant would differ each time the plan is shown."""
    if minutes is not None and at is not None:
        return f"after {minutes} min"
    return iso(at) if at is not None else "never"


def set_friction(world: World, asked: SetFriction) -> Plan:
    find_post(asked.post_id)
    before = world.social.friction(asked.post_id)
    expires = _end(world, asked.minutes, asked.expires_at) if asked.seconds_between_replies else None
    after = Friction(seconds=asked.seconds_between_replies, expires_at=expires)
    active = {reply.account.id for reply in world.social.since(asked.post_id, world.at - ACTIVE_SECONDS)}
    return Plan(
        before={"post_id": asked.post_id, "seconds": before.seconds, "expires_at": iso_or_none(before.expires_at)},
        after={"post_id": asked.post_id, "seconds": after.seconds, "expires_at": iso_or_none(after.expires_at)},
        changes=(
            ChangeRow(label=f"friction on {asked.post_id}", before=before.words, after=after.words),
            ChangeRow(
                label="ends by itself", before=_ends(before.expires_at), after=_ends(after.expires_at, asked.minutes)
            ),
        ),
        counted=CountedRow(count=len(active), of=CUSTOMERS, unit="accounts"),
        apply=lambda: world.social.put_friction(asked.post_id, after),
    )


def restart_consumer(world: World, asked: RestartConsumer) -> Plan:
    pipeline = world.pipeline
    state = "running" if pipeline.stuck_since is None else "stuck"
    return Plan(
        before={"consumer": asked.consumer, "state": state, "generation": pipeline.generation},
        after={"consumer": asked.consumer, "state": "running", "generation": pipeline.generation + 1},
        changes=(
            ChangeRow(label=f"consumer {asked.consumer}", before=state, after="running"),
            ChangeRow(label="orders it holds, lost until a backfill", before=len(pipeline.in_flight), after=0),
        ),
        counted=CountedRow(
            count=len(pipeline.in_flight), of=len(pipeline.orders(world.at - KEEP_SECONDS, world.at)), unit="orders"
        ),
        apply=lambda: pipeline.restart(world.at),
    )


def start_backfill(world: World, asked: StartBackfill) -> Plan:
    try:
        start, end = seconds_of(asked.start), seconds_of(asked.end)
    except ValueError:
        raise Impossible("start and end must be ISO 8601 times; write 2026-09-21T13:33:20Z") from None
    if not 0 < end - start <= KEEP_SECONDS:
        raise Impossible(f"the window {asked.start}/{asked.end} must be longer than 0 and at most 60 minutes")
    missing, orders = len(world.pipeline.missing(start, end)), len(world.pipeline.orders(start, end))
    return Plan(
        before={"start": iso(start), "end": iso(end), "missing": missing},
        after={"start": iso(start), "end": iso(end), "missing": 0},
        changes=(ChangeRow(label="orders missing in analytics", before=missing, after=0),),
        counted=CountedRow(count=missing, of=orders, unit="orders"),
        apply=lambda: _backfill(world, start, end),
    )


def _backfill(world: World, start: float, end: float) -> None:
    world.pipeline.backfill(start, end)


WRITES = (
    Operation(
        id="setFlag",
        method="PUT",
        path="/flags/{name}",
        tag="flags",
        summary="Turn a feature flag on or off for a share of customers.",
        takes=SetFlag,
        gives=ChangeOut,
        handle=set_flag,
        example={"name": "new-checkout", "on": False, "percent": 0},
    ),
    Operation(
        id="setThrottle",
        method="PUT",
        path="/throttles/{endpoint}",
        tag="throttles",
        summary="Limit an endpoint to so many requests a second, or lift the limit.",
        takes=SetThrottle,
        gives=ChangeOut,
        handle=set_throttle,
        example={"endpoint": "checkout.retry", "per_second": 3, "minutes": 10},
    ),
    Operation(
        id="setFriction",
        method="PUT",
        path="/posts/{post_id}/friction",
        tag="social",
        summary="Make accounts wait between two replies to a post.",
        takes=SetFriction,
        gives=ChangeOut,
        handle=set_friction,
        example={"post_id": "p-105", "seconds_between_replies": 60, "minutes": 30},
    ),
    Operation(
        id="restartConsumer",
        method="POST",
        path="/queues/{name}/restart",
        tag="pipeline",
        summary="Restart a queue's consumer. What it holds is lost until a backfill.",
        takes=RestartConsumer,
        gives=ChangeOut,
        handle=restart_consumer,
        example={"name": "orders", "consumer": "analytics-1"},
    ),
    Operation(
        id="startBackfill",
        method="POST",
        path="/backfills",
        tag="pipeline",
        summary="Write the rows that analytics lacks of one window. A second time finds nothing to do.",
        takes=StartBackfill,
        gives=ChangeOut,
        handle=start_backfill,
        example={"start": "2026-09-21T13:30:00Z", "end": "2026-09-21T13:45:00Z"},
    ),
)
