"""Looking at the bot's own settings: channels, schedules, names of tokens, where events go, the newest record."""

import datetime as dt
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from storage import api_tokens, audit, channels, schedules, sinks
from storage.db import Database
from tools.contract import ToolContext
from tools.sources.python_toolbox import Toolbox

ChannelId = Annotated[str, Field(pattern=r"^[CDG][A-Z0-9]{2,20}$", description="Slack's id, as C0INCIDENTS")]
HERE = {"kind": "settings", "id": "'autopilot'"}


class ChannelOut(BaseModel):
    channel: str
    enabled: bool
    mode: str
    words: str
    autonomy_cap: int
    per_minute: int | None = Field(description="null: as the installation says")
    local_only: bool


class ScheduleOut(BaseModel):
    id: str
    kind: str
    channel: str
    cron: str
    every_seconds: float | None
    tz: str
    enabled: bool
    next_at: str


class SchedulesOut(BaseModel):
    schedules: list[ScheduleOut]


class TokenOut(BaseModel):
    """A token's name and reach; the token itself is known to nobody."""

    name: str
    person: str
    scopes: list[str]
    expires_at: str
    revoked: bool


class TokensOut(BaseModel):
    tokens: list[TokenOut]


class RouteOut(BaseModel):
    host: str
    events: list[str]
    state: str


class RoutesOut(BaseModel):
    routes: list[RouteOut] = Field(description="where events are sent; digests are schedules")


class EntryOut(BaseModel):
    seq: int
    at: str
    event: str
    task: str


class LedgerOut(BaseModel):
    last_seq: int
    entries: list[EntryOut] = Field(description="newest first")


def register(box: Toolbox, db: Database) -> None:
    """Add the tools."""

    @box.read(title="'Looked at the settings of ' + args.channel", target=HERE, idempotent=True, rate_per_hour=600)
    async def channel(channel: ChannelId, context: ToolContext) -> ChannelOut:
        """What holds in one channel: mode, words, cap of autonomy, requests a minute, local-only."""
        async with db.read() as tx:
            found = await channels.in_force(tx, context.tenant, channel)
        return ChannelOut(
            channel=channel,
            enabled=found.enabled,
            mode=found.mode.value,
            words=found.words,
            autonomy_cap=found.autonomy,
            per_minute=found.per_minute,
            local_only=found.local_only,
        )

    @box.read(
        name="autopilot.schedules",
        title="'Listed the schedules'",
        target=HERE,
        idempotent=True,
        rate_per_hour=600,
        examples=[{"input": {}}],
    )
    async def schedules_(context: ToolContext) -> SchedulesOut:
        """Digests and requests that come by themselves: when, where, and whether they are paused."""
        async with db.read() as tx:
            found = await schedules.of_tenant(tx, context.tenant)
        return SchedulesOut(
            schedules=[
                ScheduleOut(
                    id=one.id,
                    kind=one.kind.value,
                    channel=one.channel,
                    cron=one.cron,
                    every_seconds=one.every_seconds,
                    tz=one.tz,
                    enabled=one.enabled,
                    next_at=iso(one.next_at),
                )
                for one in found
            ]
        )

    @box.read(
        title="'Listed the names of API tokens'",
        target=HERE,
        idempotent=True,
        sensitivity="confidential",
        rate_per_hour=600,
        examples=[{"input": {}}],
    )
    async def tokens(context: ToolContext) -> TokensOut:
        """Names of the API tokens, whose they are, what they may, when they end. Only people create or revoke them."""
        async with db.read() as tx:
            found = await api_tokens.of_tenant(tx, context.tenant)
        return TokensOut(
            tokens=[
                TokenOut(
                    name=one.name,
                    person=one.person,
                    scopes=list(one.scopes),
                    expires_at=iso(one.expires_at),
                    revoked=one.revoked_at is not None,
                )
                for one in found
            ]
        )

    @box.read(
        title="'Listed where events go'", target=HERE, idempotent=True, rate_per_hour=600, examples=[{"input": {}}]
    )
    async def routes(context: ToolContext) -> RoutesOut:
        """Hosts that get events, which ones, and whether they take them. Only people add or remove them."""
        async with db.read() as tx:
            found = await sinks.every(tx, context.tenant)
        return RoutesOut(
            routes=[
                RouteOut(host=urlsplit(one.url).hostname or "", events=one.patterns, state=one.state.value)
                for one in found
            ]
        )

    @box.read(title="'Read the ledger'", target=HERE, idempotent=True, rate_per_hour=600, examples=[{"input": {}}])
    async def ledger(context: ToolContext, limit: Annotated[int, Field(ge=1, le=100)] = 20) -> LedgerOut:
        """The newest entries of this workspace's record: what happened when, for which task."""
        async with db.read() as tx:
            last = next((seq for tenant, seq, _ in await audit.tenants(tx) if tenant == context.tenant), 0)
            found = await audit.entries(tx, context.tenant, after=max(0, last - limit), limit=limit)
        newest = [EntryOut(seq=one.seq, at=iso(one.at), event=one.event, task=one.task_id) for one in reversed(found)]
        return LedgerOut(last_seq=last, entries=newest)


def iso(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
