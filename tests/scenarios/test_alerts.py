"""Alert webhooks, from the HTTP request to the card in the alert's thread."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage import tasks
from storage.records import Source, Task
from tests.scenarios.world import BOT, DANA, INCIDENTS, World, a_world, everything

SECRET, DUTY = "alert-secret", "duty-secret"
TITLE = "checkout is failing"


def _group(status: str = "firing", key: str = "{}:{alertname='Checkout'}") -> dict[str, Any]:
    one = {"status": status, "labels": {"service": "checkout"}, "annotations": {"description": "12 % errors"}}
    common = {"commonLabels": {"alertname": "Checkout"}, "commonAnnotations": {"summary": TITLE}}
    return {"version": "4", "groupKey": key, "status": status, **common, "alerts": [one]}


async def _post(world: World, source: str, body: object, *, channel: str = INCIDENTS, **headers: str) -> httpx.Response:
    url = f"{world.config.console}/alerts/{source}/{channel}"
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=json.dumps(body).encode(), headers=headers)


async def _with_token(world: World, source: str, body: object, *, channel: str = INCIDENTS) -> httpx.Response:
    return await _post(world, source, body, channel=channel, authorization=f"Bearer {SECRET}")


async def _root(world: World, words: str = TITLE, channel: str = INCIDENTS) -> str:
    def look() -> str:
        shown = world.slack.ui.messages(channel)
        return next((str(m["ts"]) for m in shown if words in everything(m)), "")

    return str(await world.see(look))


async def _tasks(world: World) -> list[Task]:
    async with world.database() as db, db.read() as tx:
        return await tasks.recent(tx, "T0ACME")


async def test_an_alert_opens_a_thread_and_its_card_is_decided_by_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same alert again joins that thread and starts nothing; resolved is said there; firing anew is a new task."""
    async with a_world(tmp_path, monkeypatch.setenv, alert_secret=SECRET) as world:
        answer = await _with_token(world, "alertmanager", _group())
        assert (answer.status_code, answer.json()) == (202, {"ok": True, "kept": True})
        root = await _root(world)
        card = await world.card(root, "proposal.approve")
        again = await asyncio.gather(*(_with_token(world, "alertmanager", _group()) for _ in range(3)))
        assert {r.status_code for r in again} == {202}
        assert await _root(world, "Reported 4 times") == root
        [task] = await _tasks(world)
        assert (task.source, task.requester, task.thread_ts) == (Source.ALERT, BOT, root)
        await _with_token(world, "alertmanager", _group("resolved"))
        assert await _root(world, "Resolved: Alert") == root
        await world.click(DANA, card, "proposal.approve")
        await world.text(root, "Done and verified", seconds=60)
        await _with_token(world, "alertmanager", _group())
        async with asyncio.timeout(40):
            while len(found := await _tasks(world)) < 2:  # noqa: ASYNC110 - the database rings nobody in this process
                await asyncio.sleep(0.1)
        assert [t.thread_ts for t in found] == [root, root]


async def test_each_source_proves_itself_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = {"id": "PINC", "title": "queue is stuck", "service": {"summary": "orders"}}
    duty = {"event": {"event_type": "incident.triggered", "data": incident}}
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, alert_secret=SECRET, pagerduty_secret=DUTY) as world:

        def signed(body: object, secret: str) -> str:
            return hmac.new(secret.encode(), json.dumps(body).encode(), hashlib.sha256).hexdigest()

        right = f"v1=0000,v1={signed(duty, DUTY)}"
        assert (await _post(world, "pagerduty", duty, **{"x-pagerduty-signature": right})).status_code == 202
        await _root(world, "queue is stuck")
        grafana = {**_group(key="g"), "title": "[FIRING:1] latency"}
        good = await _post(world, "grafana", grafana, **{"x-grafana-alerting-signature": signed(grafana, SECRET)})
        assert good.status_code == 202
        await _root(world, "latency")
        assert (await _with_token(world, "json", {"title": "backup is late"}, channel="C0OPS")).status_code == 202
        await _root(world, "backup is late", "C0OPS")


@pytest.mark.parametrize(
    ("source", "headers", "body", "status", "why"),
    [
        ("alertmanager", {}, _group(), 401, "missing or wrong"),
        ("alertmanager", {"authorization": "Bearer wrong"}, _group(), 401, "missing or wrong"),
        ("alertmanager", {"authorization": f"Bearer {SECRET}"}, {"status": "firing"}, 400, "groupKey"),
        ("json", {"authorization": f"Bearer {SECRET}"}, {"title": ""}, 400, "title"),
        ("pagerduty", {"authorization": f"Bearer {SECRET}"}, {}, 404, "no door"),
        ("zabbix", {"authorization": f"Bearer {SECRET}"}, {}, 404, "no door"),
    ],
)
async def test_what_is_wrong_is_said_and_starts_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    headers: dict[str, str],
    body: object,
    status: int,
    why: str,
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, alert_secret=SECRET) as world:
        answer = await _post(world, source, body, **headers)
        assert (answer.status_code, why in answer.json()["error"]) == (status, True)
        assert SECRET not in answer.text
        assert await _tasks(world) == []


async def test_a_ping_is_taken_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ping = {"event": {"event_type": "pagey.ping", "data": {"message": "hello"}}}
    async with a_world(tmp_path, monkeypatch.setenv, fault=None, pagerduty_secret=DUTY) as world:
        right = "v1=" + hmac.new(DUTY.encode(), json.dumps(ping).encode(), hashlib.sha256).hexdigest()
        answer = await _post(world, "pagerduty", ping, **{"x-pagerduty-signature": right})
        assert answer.json() == {"ok": True, "kept": False}
