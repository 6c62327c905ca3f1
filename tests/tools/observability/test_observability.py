"""Prometheus, Alertmanager, Loki, log files, traces and dashboards against servers that speak their formats."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.tools.observability.servers import TRACE, Place
from tests.tools.sources.conftest import context
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Promise, Verdict
from tools.contract import Held, Impact, Tool, ToolFailed, answered
from tools.observability.source import load_observability
from tools.sources.errors import SourceError
from tools.sources.loading import tokens_of

TOKEN = "made-up-token"
SOON = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def place() -> Place:
    made = Place()
    made.fire("HighErrors", service="checkout")
    made.fire("HighErrors", service="search")
    made.lines = [
        ("1790000000000000000", "checkout", "payment refused for order 1"),
        ("1790000001000000000", "checkout", "payment refused for order 2"),
        ("1790000002000000000", "search", "slow"),
    ]
    return made


def declared(folder: Path, **changed: Any) -> Path:
    log = folder / "app.log"
    log.write_text("".join(f"line {n} {'error' if n % 10 == 0 else 'fine'}\n" for n in range(100)))
    body: dict[str, Any] = {
        "prometheus": {"url": "http://prom", "token_env": "PROM_TOKEN"},
        "alertmanager": {"url": "http://am"},
        "loki": {"url": "http://loki/"},
        "traces": {"url": "http://jaeger"},
        "log_files": {"app": str(log)},
        "dashboards": {
            "shop": {
                "title": "Shop",
                "panels": [{"title": "errors", "query": "errors"}, {"title": "gone", "query": "gone"}],
            }
        },
    }
    file = folder / "observability.yaml"
    file.write_text(yaml.safe_dump({"observability": {**body, **changed}}))
    return file


@pytest.fixture
async def tools(place: Place, tmp_path: Path) -> AsyncIterator[dict[str, Tool]]:
    served = {
        "prom": place.prometheus(),
        "am": place.alertmanager(),
        "loki": place.loki(),
        "jaeger": place.traces("jaeger"),
    }
    mounts = {f"http://{host}": httpx.ASGITransport(app=app) for host, app in served.items()}
    async with httpx.AsyncClient(mounts=mounts) as client:
        found = load_observability(declared(tmp_path), environ={"PROM_TOKEN": TOKEN}, client=client)
        yield {tool.name: tool for tool in found}


async def run(tool: Tool, **arguments: Any) -> dict[str, Any]:
    return dict(await tool.run(tool.arguments.model_validate(arguments), context()))


async def test_a_value_and_what_is_no_number(tools: dict[str, Tool]) -> None:
    tool = tools["prometheus.query"]
    found = await run(tool, query="errors")
    assert found["values"] == [{"labels": {"__name__": "errors", "job": "shop"}, "value": 0.25}]
    assert await answered(tool.finding(None, found)) == "job=shop: 0.25"
    assert (await run(tool, query="odd"))["values"][0]["value"] is None
    with pytest.raises(ToolFailed, match="unknown metric nope") as refused:
        await run(tool, query="nope")
    assert refused.value.reason == "refused"


async def test_a_range_comes_as_points_to_draw_and_one_line_to_read(tools: dict[str, Tool]) -> None:
    tool = tools["prometheus.range"]
    found = await run(tool, query="errors", minutes=60)
    [line] = found["series"]
    assert (line["least"], line["last"]) == (1.0, line["most"])
    assert len(line["points"]) == found["step_seconds"] * 4 or len(line["points"]) <= 121
    assert "▁" in await answered(tool.finding(None, found)) and "█" in await answered(tool.finding(None, found))


async def test_alerts_that_fire(tools: dict[str, Tool]) -> None:
    tool = tools["prometheus.alerts"]
    assert await answered(tool.finding(None, await run(tool))) == "2 alerts fire: HighErrors, HighErrors"


async def test_a_silence_is_previewed_made_once_seen_and_taken_back(tools: dict[str, Tool], place: Place) -> None:
    tool, arguments = tools["alertmanager.silence"], {"alert": "HighErrors", "until": SOON, "comment": "known"}
    args = tool.arguments.model_validate({**arguments, "label": "service", "value": "checkout"})
    place.silences["theirs"] = {
        "id": "theirs",
        "status": {"state": "active"},
        "matchers": [{"name": "alertname", "value": "HighErrors"}, {"name": "service", "value": "checkout"}],
        "startsAt": SOON,
        "endsAt": SOON,
        "createdBy": "dana",
        "comment": "mine",
    }
    assert tool.preview and tool.verify and tool.undo
    impact = await tool.preview(args, context())
    assert (impact.counted[0].count, place.posted) == (1, 0)
    await tool.run(args, context("k-1"))
    await tool.run(args, context("k-1"))
    assert place.posted == 1, "the same call again is the same silence"
    assert (await tool.verify(args, impact, context())).held is Held.YES
    inverse = await answered(tool.undo(args, impact))
    assert inverse is not None
    await run(tools[inverse.tool], **inverse.arguments)
    assert (await tool.verify(args, impact, context())).held is Held.NO
    assert place.silences["theirs"]["status"]["state"] == "active", "a person's silence is not ours to end"


@pytest.mark.parametrize("until", ["soon", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])
async def test_a_silence_ends_within_a_day(tools: dict[str, Tool], place: Place, until: str) -> None:
    with pytest.raises(ToolFailed, match="until"):
        await run(tools["alertmanager.silence"], alert="HighErrors", until=until, comment="x")
    assert place.posted == 0


async def test_logs_are_searched_and_no_word_becomes_a_query(tools: dict[str, Tool], place: Place) -> None:
    tool = tools["loki.search"]
    found = await run(tool, value="checkout", words="payment refused")
    assert [line["text"] for line in found["lines"]] == ["payment refused for order 2", "payment refused for order 1"]
    await run(tool, value='x"} |= "', words='" | json \\')
    assert place.asked[-1] == '{service="x\\"} |= \\""} |= "\\"" |= "|" |= "json" |= "\\\\"'


async def test_a_log_file_is_read_from_its_end_and_no_other_file_at_all(tools: dict[str, Tool], tmp_path: Path) -> None:
    tool = tools["logfiles.search"]
    found = await run(tool, name="app", words="error", limit=2)
    assert ([line["text"] for line in found["lines"]], found["matched"]) == (["line 90 error", "line 80 error"], 10)
    with pytest.raises(ToolFailed, match=r"no log file '\.\./app\.log'"):
        await run(tool, name="../app.log")
    (tmp_path / "app.log").write_bytes(b"\xff" * 5_000_000 + b"\nlast error\n")
    found = await run(tool, name="app", words="error")
    assert (found["lines"][0]["text"], found["cut"]) == ("last error", True)
    (tmp_path / "app.log").unlink()
    with pytest.raises(ToolFailed, match="cannot be read"):
        await run(tool, name="app")


@pytest.mark.parametrize("kind", ["jaeger", "otlp"])
async def test_a_trace_is_followed_in_both_formats(place: Place, tmp_path: Path, kind: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=place.traces(kind))) as client:
        found = load_observability(declared(tmp_path), environ={"PROM_TOKEN": TOKEN}, client=client)
        tool = next(tool for tool in found if tool.name == "traces.lookup")
        trace = await run(tool, trace_id=TRACE)
        assert [(s["service"], s["after_ms"], s["took_ms"]) for s in trace["spans"]] == [
            ("checkout", 0.0, 120.0),
            ("payments", 20.0, 80.0),
        ]
        assert await answered(tool.finding(None, trace)) == "2 spans over 2 services in 120 ms, failed in payments"
        with pytest.raises(ToolFailed, match="trace not found"):
            await run(tool, trace_id="0" * 32)


async def test_a_dashboard_is_a_snapshot_and_one_broken_panel_spoils_no_other(tools: dict[str, Tool]) -> None:
    found = await run(tools["dashboards.snapshot"], name="shop")
    assert [(panel["title"], panel["value"], bool(panel["trouble"])) for panel in found["panels"]] == [
        ("errors", 0.25, False),
        ("gone", None, True),
    ]


async def test_a_login_page_in_between_is_called_that(tmp_path: Path) -> None:
    page = Starlette(routes=[Route("/{path:path}", lambda _: HTMLResponse("<p>Sign in</p>"))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=page)) as client:
        found = load_observability(declared(tmp_path), environ={"PROM_TOKEN": TOKEN}, client=client)
        for tool in found:
            if tool.name in {"prometheus.alerts", "alertmanager.silences"}:
                with pytest.raises(ToolFailed, match="instead of JSON"):
                    await run(tool)


async def test_the_tools_keep_every_promise(tools: dict[str, Tool], place: Place) -> None:
    async def state() -> str:
        return repr([one["id"] for one in place.silences.values() if one["status"]["state"] == "active"])

    example = {"input": {"alert": "HighErrors", "until": SOON, "comment": "known"}}
    silence = tools["alertmanager.silence"]
    manifest = silence.manifest.model_validate({**silence.manifest.model_dump(mode="json"), "examples": [example]})
    named = {**tools, silence.name: replace(silence, manifest=manifest)}
    tried = await Suite(tools=named, state=state, secrets=[TOKEN], changes=True).run()
    assert [f"{t.tool}: {t.promise}: {t.says}" for t in tried if t.verdict is Verdict.BROKEN] == []
    kept = {(one.tool, one.promise) for one in tried if one.verdict is Verdict.KEPT}
    assert {Promise.ONCE} <= {promise for name, promise in kept if name == silence.name}


def test_a_manifest_that_cannot_work_says_where(tmp_path: Path) -> None:
    client = httpx.AsyncClient()
    with pytest.raises(SourceError, match="'PROM_TOKEN' is not set"):
        load_observability(declared(tmp_path), environ={}, client=client)
    with pytest.raises(SourceError, match=r"prometheus\.url"):
        load_observability(declared(tmp_path, prometheus={"url": "http://user:pw@prom"}), environ={}, client=client)
    with pytest.raises(SourceError, match="dashboards"):
        load_observability(declared(tmp_path, prometheus=None), environ={}, client=client)
    assert tokens_of(declared(tmp_path)) == ["PROM_TOKEN"]


async def test_an_impact_knows_its_silences(tools: dict[str, Tool]) -> None:
    tool = tools["alertmanager.unsilence"]
    assert tool.undo is not None
    args = tool.arguments.model_validate({"alert": "HighErrors"})
    nothing = Impact(grade=tool.manifest.dry_run, before={"silences": [], "until": ""})
    assert await answered(tool.undo(args, nothing)) is None
