"""The door for monitoring: POST /alerts/<source>/<channel>, behind a shared secret, answered when it is on disk."""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.console.alert_shapes import read
from bot.orchestrator.alerts import Alert
from storage.db import within

SOURCES = ("alertmanager", "grafana", "pagerduty", "json")
LARGEST = 1_000_000
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class AlertDoor:
    """Takes alerts. A source without a secret has no door."""

    take: Callable[[str, Alert], Awaitable[bool]]
    """(workspace, alert) → whether it was kept"""
    tenants: Callable[[], Awaitable[Sequence[str]]]
    """the workspaces there are; the address need not name the only one"""
    secret: str = ""
    """of Alertmanager, Grafana and plain JSON"""
    pagerduty_secret: str = ""

    def routes(self) -> list[Route]:
        return [
            Route("/alerts/{source}/{channel}", self.receive, methods=["POST"]),
            Route("/alerts/{source}/{workspace}/{channel}", self.receive, methods=["POST"]),
        ]

    async def receive(self, request: Request) -> Response:
        """202 once the alert is on disk; what is wrong is one sentence without the payload."""
        source, channel = request.path_params["source"], request.path_params["channel"]
        secret = self.pagerduty_secret if source == "pagerduty" else self.secret
        if source not in SOURCES or not secret:
            return _no(404, f"no door for {source[:40]!r}; known: {', '.join(SOURCES)}, each once its secret is set")
        if not _CHANNEL.fullmatch(channel):
            return _no(404, f"{channel[:40]!r} is not a channel id; copy it from the channel's details in Slack")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return _no(413, f"at most {LARGEST:,} bytes")
        if not vouched(source, secret, request.headers, body):
            return _no(401, "the secret or signature is missing or wrong")
        try:
            alert = read(source, channel, body)
        except ValidationError as error:
            first = error.errors()[0]
            return _no(400, f"not what {source} sends: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}")
        known, wanted = await self.tenants(), request.path_params.get("workspace", "")
        tenant = wanted or (known[0] if len(known) == 1 else "")
        if tenant not in known:
            return _no(404, "say which workspace: /alerts/<source>/<workspace id>/<channel>, one that has the app")
        with within(tenant):
            kept = alert is not None and await self.take(tenant, alert)
        return JSONResponse({"ok": True, "kept": kept}, status_code=202)


def vouched(source: str, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the sender knows the secret: as a bearer token, or by a signature over the body."""
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if source == "pagerduty":
        offered = [part.strip() for part in headers.get("x-pagerduty-signature", "").split(",")]
        return any(_same(one, f"v1={signed}") for one in offered)
    if _same(headers.get("authorization", ""), f"Bearer {secret}"):
        return True
    return source == "grafana" and _same(headers.get("x-grafana-alerting-signature", ""), signed)


def _same(offered: str, right: str) -> bool:
    return hmac.compare_digest(offered.encode("utf-8", "replace"), right.encode())


def _no(status: int, why: str) -> Response:
    return JSONResponse({"ok": False, "error": why}, status_code=status)
