"""People would rather look than read: a number over time that was asked for comes as a picture into the thread."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from bot.tooling import SHOP
from tests.scenarios.world import ANA, Message, a_world, everything
from tests.tools.observability.servers import Place
from tests.tools.playbooks.test_reading import a_skill


def _picture(messages: list[Message]) -> Message | None:
    return next((m for m in messages if any(b["type"] == "image" for b in m.get("blocks", ()))), None)


@contextlib.asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    going = asyncio.create_task(server.main_loop())
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await going
        await server.shutdown()


PROM_WATCH = """plan: Draw it
steps:
  - call: {id: rate, tool: prometheus.range, with: {query: "'requests'", minutes: "30"}, must: true}
  - chart: rate
  - say: "'It is drawn below.'"
"""


async def test_the_error_rate_of_the_last_hour_comes_as_a_picture_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a text for who cannot see it; so does what a playbook draws of a Prometheus."""
    skills = a_skill(tmp_path / "skills", "requests", PROM_WATCH)
    async with served(Place().prometheus()) as prometheus:
        declared = tmp_path / "observability.yaml"
        declared.write_text(json.dumps({"observability": {"owner": "p", "prometheus": {"url": prometheus}}}))
        more: dict[str, Any] = {"manifests": (SHOP, declared), "skills": (skills,)}
        await _drawn(tmp_path, monkeypatch, more)


async def _drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, **more) as world:
        thread = await world.ask("show me the error rate of the last hour", who=ANA)
        message = await world.see(lambda: _picture(world.thread(thread)), 60)
        await world.text(thread, "The picture is below", seconds=60)
        block = next(b for b in message["blocks"] if b["type"] == "image")
        kept = world.slack.office.files[block["slack_file"]["id"]]
        assert kept.content.startswith(b"\x89PNG")
        assert kept.mimetype == "image/png"
        assert "Line of checkout.error_rate" in block["alt_text"]
        assert " % at the end; highest " in block["alt_text"]
        assert len([m for m in world.thread(thread) if "image" in everything(m)]) == 1
        assert len(world.slack.office.files) == 1

        other = await world.ask("skill requests", who=ANA)
        message = await world.see(lambda: _picture(world.thread(other)), 60)
        block = next(b for b in message["blocks"] if b["type"] == "image")
        assert world.slack.office.files[block["slack_file"]["id"]].content.startswith(b"\x89PNG")
        assert "Line of requests" in block["alt_text"]
        await world.text(other, "It is drawn below", seconds=60)
        assert len(world.slack.office.files) == 2
