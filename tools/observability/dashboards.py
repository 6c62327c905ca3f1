"""Dashboards as evidence: every panel's number at one moment, kept as a snapshot."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field

from tools.contract import ToolFailed
from tools.observability import prometheus
from tools.observability.declared import Dashboard, Panel
from tools.sources.http_client import HttpService
from tools.sources.python_toolbox import Toolbox


class Shown(BaseModel):
    title: str
    unit: str
    value: float | None = Field(description="null: no value, or `trouble` says why")
    trouble: str


class Snapshot(BaseModel):
    name: str
    title: str
    at: str
    panels: list[Shown]


def register(box: Toolbox, service: HttpService, dashboards: Mapping[str, Dashboard]) -> None:
    """Add the tool."""
    known = ", ".join(sorted(dashboards))

    @box.read(
        name="dashboards.snapshot",
        title="'Took a snapshot of the dashboard ' + args.name",
        target={"kind": "dashboard", "id": "args.name"},
        idempotent=True,
        rate_per_hour=600,
        timeout_seconds=20,
        examples=[{"input": {"name": sorted(dashboards)[0]}}],
        summary=f"Every number of one dashboard ({known}) at this moment, kept as evidence."[:400],
    )
    async def snapshot(name: Annotated[str, Field(max_length=80)]) -> Snapshot:
        found = dashboards.get(name)
        if found is None:
            raise ToolFailed(f"no dashboard {name!r}; there are: {known}", effect_possible=False, reason="refused")
        panels = await asyncio.gather(*(_shown(service, panel) for panel in found.panels))
        at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Snapshot(name=name, title=found.title, at=at, panels=list(panels))

    @snapshot.finding
    def of_snapshot(found: Snapshot) -> str:
        return "; ".join(
            f"{panel.title}: {'none' if panel.value is None else f'{panel.value:g}'} {panel.unit}".rstrip()
            for panel in found.panels[:6]
        )


async def _shown(service: HttpService, panel: Panel) -> Shown:
    """One panel; one that fails does not take the others with it."""
    try:
        rows = await prometheus.rows_of(service, "/api/v1/query", (("query", panel.query),))
    except ToolFailed as error:
        return Shown(title=panel.title, unit=panel.unit, value=None, trouble=str(error))
    values = [row.value[1] for row in rows if row.value is not None]
    if len(values) != 1:
        trouble = f"{len(values)} series; a panel needs a query for one"
        return Shown(title=panel.title, unit=panel.unit, value=None, trouble=trouble)
    return Shown(title=panel.title, unit=panel.unit, value=prometheus.number(values[0]), trouble="")
