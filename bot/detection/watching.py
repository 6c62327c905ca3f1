"""Asks for each watched series again and again; an incident becomes one alert, and so one task, with its evidence."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from bot.detection.definition import Detection, Watch
from bot.detection.detector import Detector, Told
from bot.orchestrator.alerts import Alert
from tools.contract import ToolFailed
from tools.observability import prometheus
from tools.sources.http_client import HttpService

_log = structlog.get_logger(__name__)
Take = Callable[[Alert], Awaitable[bool]]
Ask = Callable[[str], Awaitable[float | None]]


@dataclass
class Watching:
    """All series of one file."""

    detection: Detection
    ask: Ask
    take: Take
    clock: Callable[[], float] = time.time
    _detectors: dict[str, Detector] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self.detection.every_seconds)

    async def round(self) -> None:
        """One look at every series; one that cannot be read is passed over."""
        for watch in self.detection.series:
            detector = self._detectors.setdefault(watch.name, Detector(watch))
            try:
                value = await self.ask(watch.query)
            except ToolFailed as error:
                _log.warning("a watched series cannot be read", series=watch.name, why=str(error)[:300])
                continue
            told = None if value is None else detector.step(self.clock(), value)
            if told is not None:
                await self.take(alert_of(watch, told))


async def watch(
    detection: Detection,
    take: Callable[[str, Alert], Awaitable[bool]],
    tenants: Callable[[], Awaitable[Sequence[str]]],
) -> None:
    """Watch everything the file names, until cancelled. Incidents go to its workspace, or to the only one."""
    import httpx

    async def give(alert: Alert) -> bool:
        known = [detection.tenant] if detection.tenant else list(await tenants())
        if len(known) != 1:
            _log.warning("an incident has no workspace; set tenant in the detection file", title=alert.title)
            return False
        return await take(known[0], alert)

    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        service = HttpService(name="prometheus", base_url=detection.prometheus.rstrip("/"), client=client)
        await Watching(detection=detection, ask=asking(service), take=give).run()


def alert_of(watch: Watch, told: Told) -> Alert:
    """The alert of one change. Its key is the series': while it fires, further reports are the same incident."""
    points = "\n".join(f"{int(at)} {value:g}" for at, value in told.points)
    details = f"{told.why}\nseries: {watch.name}\nquery: {watch.query}\nnewest points (seconds, value):\n{points}"
    return Alert(
        key=f"detect:{watch.name}",
        channel=watch.channel,
        title=f"{watch.name}: {told.why}",
        details=details,
        firing=told.what == "began",
    )


def asking(service: HttpService) -> Ask:
    """Asks Prometheus for one value; None when it has none."""

    async def ask(query: str) -> float | None:
        rows = await prometheus.rows_of(service, "/api/v1/query", (("query", query),))
        return prometheus.number(rows[0].value[1]) if len(rows) == 1 and rows[0].value is not None else None

    return ask
