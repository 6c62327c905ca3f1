"""Who did what in the shop, and the way of one request through it: both read from what the shop keeps anyway."""

import json
from collections.abc import Iterator

from pydantic import Field

from bot.demo.shop.clock import iso
from bot.demo.shop.logs import LogLine
from bot.demo.shop.operation import Asked, NotFound, Operation
from bot.demo.shop.product.shapes import AuditEntryOut, AuditPage, Span, Trace
from bot.demo.shop.world import World

ACCOUNTS = "accounts"
PROVIDER = "payment provider"


class AskAudit(Asked):
    query: str = Field(default="", max_length=100, description="words that must all occur: a member, a flag, an action")
    minutes: int = Field(default=60, ge=1, le=1440)
    limit: int = Field(default=20, ge=1, le=100)


class AskTrace(Asked):
    trace_id: str = Field(pattern=r"^[0-9a-f]{16,32}$")


def _entries(world: World) -> Iterator[tuple[float, AuditEntryOut]]:
    for effect in world.effects.applied:
        arguments = json.loads(effect.arguments)
        target = str(next(iter(arguments.values()), ""))
        yield effect.at, _entry(effect.at, "api", effect.operation, target, effect.arguments)
    for change in world.flags.history:
        yield change.at, _entry(change.at, change.by, "flag", change.name, f"{change.before} -> {change.after}")
    for deploy in world.deploys:
        yield deploy.at, _entry(deploy.at, deploy.by, "release", deploy.service, deploy.version)
    for line in world.logs.search(query="", component=ACCOUNTS, since=world.at - 86_400):
        fields = dict(line.fields)
        yield line.at, _entry(line.at, fields["user"], line.message, fields["user"], f"from {fields['country']}")


def _entry(at: float, actor: str, action: str, target: str, detail: str) -> AuditEntryOut:
    return AuditEntryOut(at=iso(at), actor=actor, action=action, target=target, detail=detail)


def search_audit(world: World, asked: AskAudit) -> AuditPage:
    """Entries of the window that hold every word, newest first."""
    since, words = world.at - asked.minutes * 60, asked.query.lower().split()
    found = [
        (at, entry)
        for at, entry in _entries(world)
        if at >= since
        and all(w in f"{entry.actor} {entry.action} {entry.target} {entry.detail}".lower() for w in words)
    ]
    found.sort(key=lambda row: -row[0])
    entries = [entry for _, entry in found[: asked.limit]]
    return AuditPage(start=iso(since), end=iso(world.at), matched=len(found), entries=entries)


def _spans(line: LogLine) -> list[Span]:
    """The request this line belongs to, from the edge inwards."""
    failed = line.level == "error" or "refused" in line.message
    deeper = PROVIDER in line.message
    own = "error" if failed else "ok"
    spans = [
        {"service": "edge", "operation": f"request to {line.component}", "status": own, "detail": ""},
        {"service": line.component, "operation": "handle", "status": own, "detail": line.message},
    ]
    if deeper:
        spans.append({"service": "payments", "operation": "charge", "status": own, "detail": line.message})
    return [Span.model_validate({**span, "at": iso(line.at)}) for span in spans]


def trace(world: World, asked: AskTrace) -> Trace:
    lines = list(world.logs.search(query=asked.trace_id, component="", since=world.at - 86_400))
    if not lines:
        raise NotFound(f"no trace {asked.trace_id!r} in the last 24 h; take one from a log line")
    spans = [span for line in reversed(lines) for span in _spans(line)]
    failed = [span.service for span in spans if span.status == "error"]
    return Trace(trace_id=asked.trace_id, spans=spans, failed_in=failed[-1] if failed else "")


READS = (
    Operation(
        id="searchAuditLogs",
        method="GET",
        path="/product/audit",
        tag="product",
        summary="Who did what: changes, releases, logins, newest first.",
        takes=AskAudit,
        gives=AuditPage,
        handle=search_audit,
        example={"query": "a-17", "minutes": 60},
    ),
    Operation(
        id="lookUpTrace",
        method="GET",
        path="/product/traces/{trace_id}",
        tag="product",
        summary="The way of one request through the services, by its trace id.",
        takes=AskTrace,
        gives=Trace,
        handle=trace,
        example={},
    ),
)
