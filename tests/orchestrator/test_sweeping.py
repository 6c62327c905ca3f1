"""What is swept now and then holds up nothing else when it fails."""

import asyncio

import pytest

from bot.orchestrator import retention, sweeps
from storage import tasks
from storage.db import Database
from storage.records import TaskState
from tests.builders import TENANT
from tests.orchestrator.conftest import lab, lab_engine, office, rules, staff
from tests.orchestrator.office import Office

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
__all__ = ["lab", "lab_engine", "office", "rules", "staff"]


async def test_a_sweep_that_always_fails_ends_no_worker(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[str] = []

    async def broken(_db: Database, *_: object) -> int:
        failed.append("once more")
        raise ValueError("a row that cannot be read")

    monkeypatch.setattr(retention, "sweep", broken)
    monkeypatch.setattr(sweeps, "expire", broken)
    worker = office.worker()
    running = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(30):
            while len(failed) < 3:  # noqa: ASYNC110 - two rounds of the worker's own
                await asyncio.sleep(0.05)
            task = await office.ask()
            while (await _state(office, task.id)) is TaskState.QUEUED:  # noqa: ASYNC110 - the worker is at it
                await asyncio.sleep(0.05)
        assert not running.done()
    finally:
        worker.stop()
        await running


async def _state(office: Office, task_id: str) -> TaskState:
    async with office.db.read() as tx:
        return (await tasks.get(tx, TENANT, task_id)).state
