"""What the read operations answer."""

from typing import Literal

from pydantic import Field, JsonValue

from bot.demo.shop.operation import Answered


class Numbers(Answered):
    """Requests of one kind in one window."""

    requests: int
    errors: int = Field(description="answers with 5xx")
    rate: float = Field(description="errors / requests, 0 to 1")
    p95_ms: int = Field(description="95th percentile of the latency, upper bound, milliseconds")


class Now(Numbers):
    seconds: int = Field(description="how many seconds back from now these numbers cover")


class EndpointNumbers(Numbers):
    endpoint: str


class FlagNumbers(Numbers):
    endpoint: str
    flag: str
    state: Literal["on", "off"] = Field(description="whether the code behind the flag served these requests")


class ErrorRate(Answered):
    service: str
    start: str = Field(description="ISO 8601, UTC")
    end: str
    minutes: int
    requests: int
    errors: int
    rate: float
    now: Now
    by_endpoint: list[EndpointNumbers]
    by_flag: list[FlagNumbers] = Field(description="only endpoints where a flag served some of the requests")
    began_at: str | None = Field(description="first minute of the window with 5 % errors or more, to the 10 s; or null")
    retry_backlog: int = Field(description="failed orders that will be sent again")


class Point(Answered):
    at: str
    value: float


class Series(Answered):
    name: str
    unit: str
    step_seconds: int
    points: list[Point]


class LogLineOut(Answered):
    at: str
    level: str
    service: str
    message: str
    trace_id: str
    fields: dict[str, str]


class MessageCount(Answered):
    message: str
    count: int
    flag: str | None = Field(description="the flag that served these requests, when they all agree")


class LogPage(Answered):
    query: str
    start: str
    end: str
    matched: int
    by_message: list[MessageCount]
    lines: list[LogLineOut] = Field(description="newest first")


class FlagLive(Answered):
    """What the flag does at this moment in its component."""

    seconds: int
    with_flag: int = Field(description="requests served by the code behind the flag")
    without_flag: int
    rate: float = Field(description="share of the component's requests that ended in a 5xx")


class FlagOut(Answered):
    name: str
    component: str
    on: bool
    percent: int
    about: str
    customers: int = Field(description="customers it covers")
    live: FlagLive


class FlagList(Answered):
    flags: list[FlagOut]


class FlagChangeOut(Answered):
    at: str
    minutes_ago: float
    by: str
    flag: str
    before: str
    after: str


class FlagHistory(Answered):
    start: str
    end: str
    changes: list[FlagChangeOut] = Field(description="newest first")


class DeployOut(Answered):
    at: str
    minutes_ago: float
    service: str
    version: str
    by: str


class DeployList(Answered):
    start: str
    end: str
    deploys: list[DeployOut] = Field(description="newest first")


class ConsumerOut(Answered):
    name: str
    state: Literal["running", "stuck"]
    generation: int = Field(description="how often it was started")
    in_flight: int = Field(description="orders taken off the queue and not yet written")
    stuck_since: str | None
    silent_seconds: int = Field(description="seconds since it last wrote a row")


class Gap(Answered):
    start: str
    end: str
    orders: int
    missing: int = Field(description="orders of the window that are not in analytics and not on their way")


class QueueOut(Answered):
    name: str
    lag: int = Field(description="orders not yet in analytics")
    oldest_seconds: int
    arriving_per_minute: int
    lag_5_minutes_ago: int
    consumer: ConsumerOut
    gap: Gap = Field(description="the last 30 minutes")
    gap_window: Gap | None = Field(description="the smallest window of whole minutes that holds everything missing")


class FrictionOut(Answered):
    seconds: int = Field(description="seconds between two replies of one account; 0: none")
    expires_at: str | None


class RepliesNow(Answered):
    seconds: int
    replies_per_minute: int
    refused_per_minute: int


class AgeGroup(Answered):
    age: str
    accounts: int
    replies: int


class PostActivity(Answered):
    post_id: str
    title: str
    start: str
    end: str
    replies: int
    accounts: int
    new_accounts: int = Field(description="accounts younger than 7 days")
    new_share: float = Field(description="share of the replies that came from new accounts, 0 to 1")
    median_age_days: float
    ages: list[AgeGroup]
    usual_per_minute: float = Field(description="replies a minute to an ordinary post, last 30 minutes")
    now: RepliesNow
    friction: FrictionOut


class PostSummary(Answered):
    post_id: str
    title: str
    replies: int
    replies_per_minute_now: int


class PostList(Answered):
    start: str
    end: str
    posts: list[PostSummary] = Field(description="most replies first")


class ThrottleOut(Answered):
    endpoint: str
    per_second: int = Field(description="0: no limit")
    expires_at: str | None


class ThrottleList(Answered):
    throttles: list[ThrottleOut]


class BackfillOut(Answered):
    id: str
    start: str
    end: str
    rows: int


class BackfillList(Answered):
    backfills: list[BackfillOut]


class ChangeRow(Answered):
    label: str
    before: JsonValue
    after: JsonValue


class CountedRow(Answered):
    count: int
    of: int | None
    unit: str


class ImpactOut(Answered):
    counted: list[CountedRow]


class EffectOut(Answered):
    id: str
    at: str


class ChangeOut(Answered):
    """A write: what it changes, from live state. With dry_run nothing was changed and `effect` is null."""

    dry_run: bool
    before: dict[str, JsonValue]
    after: dict[str, JsonValue]
    changes: list[ChangeRow]
    impact: ImpactOut
    effect: EffectOut | None
