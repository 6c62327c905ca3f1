"""What one audit entry costs, and how fast a record of many is checked."""

import json
import os
import time
from pathlib import Path
from typing import Any

from bot.commands.audit_verify import Verification, verify_database
from bot.commands.bench.numbers import Measured, Number, p50, p99
from storage import audit, verify_audit
from storage.db import Database
from storage.erased import linked_over
from storage.hashchain import GENESIS, link_hash
from storage.migrate import migrate
from storage.records import JsonObject

TENANT = "T0BENCH"
BODY: JsonObject = {
    "tool": "shop.set_flag",
    "intent": "call:t_01k0000000000000000000000:c1",
    "reason_code": "INCIDENT",
    "evidence": "a" * 64,
    "finding": "new-checkout is off for everybody; 0.2 % of checkouts fail, it was 31 %",
}
MORE = 10
_FAST: dict[str, Any] = {"target": 100_000, "at_least": True}


async def measure(home: Path, *, quick: bool) -> Measured:
    one, many = await _appends(home, 50 if quick else 400)
    count = 20_000 if quick else 400_000
    record = _record(home / "record.jsonl", count)
    cores, began = os.cpu_count() or 1, time.perf_counter()
    _chains, wrong = verify_audit.check_file(record)
    took = time.perf_counter() - began
    cpu_began = time.process_time()
    verify_audit.check_file(record, jobs=1)
    cpu = time.process_time() - cpu_began
    assert not wrong
    rows_a_second = await _rows_a_second(home)
    further = (p50(many) - p50(one)) / MORE
    return Measured(
        benchmark="audit",
        how=f"{len(one)} transactions on SQLite (synchronous=FULL) with one entry, as many with {MORE + 1}; "
        f"{count:,} exported entries checked on {cores} cores",
        numbers=(
            Number(name="a transaction that holds one audit entry, p50", value=p50(one), unit="ms"),
            Number(name="a transaction that holds one audit entry, p99", value=p99(one), unit="ms"),
            Number(name="each further entry in it", value=max(further, 0.001), unit="ms", target=0.5),
            Number(name="exported entries checked, all cores", value=count / took, unit="/s", **_FAST),
            Number(name="exported entries checked, one second of one core", value=count / cpu, unit="/s"),
            Number(name="entries checked in the database, one core", value=rows_a_second, unit="/s", **_FAST),
        ),
    )


async def _rows_a_second(home: Path) -> float:
    """As `autopilot audit verify` goes through the database that the appends have filled."""
    url = f"sqlite:///{home / 'audit.db'}"
    db = Database(url)
    async with db.write() as tx:
        for _ in range(20_000):
            await audit.append(tx, TENANT, "ops.agent_task.executed", task_id="t_bench", body=BODY)
    await db.close()
    checking = Verification()
    began = time.process_time()
    await verify_database(url, checking, lambda _line: None)
    took = time.process_time() - began
    assert not checking.broken
    return checking.checked / took


async def _appends(home: Path, count: int) -> tuple[list[float], list[float]]:
    db = Database(f"sqlite:///{home / 'audit.db'}")
    took: dict[int, list[float]] = {1: [], MORE + 1: []}
    try:
        await migrate(db)
        for number in range(2 * count):
            entries = 1 if number % 2 else MORE + 1
            began = time.perf_counter()
            async with db.write() as tx:
                for _ in range(entries):
                    await audit.append(tx, TENANT, "ops.agent_task.executed", task_id="t_bench", body=BODY)
            took[entries].append((time.perf_counter() - began) * 1e3)
    finally:
        await db.close()
    return took[1], took[MORE + 1]


def _record(file: Path, count: int) -> Path:
    """An export of one long chain, as `audit export` writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text, prev = json.dumps(BODY, ensure_ascii=False, sort_keys=True, separators=(",", ":")), GENESIS
    salt = "5a" * 16
    over = linked_over(text, salt)
    with file.open("w", encoding="utf-8") as out:
        for seq in range(1, count + 1):
            hashed = link_hash(
                tenant=TENANT,
                seq=seq,
                at=1.7e9 + seq / 8,
                event="ops.agent_task.executed",
                task_id="t_01k0000000000000000000000",
                correlation_id="000000000000",
                body=over,
                prev=prev,
            )
            entry = {
                "at": 1.7e9 + seq / 8,
                "body": text,
                "correlation_id": "000000000000",
                "event": "ops.agent_task.executed",
                "hash": hashed,
                "prev": prev,
                "salt": salt,
                "seq": seq,
                "task_id": "t_01k0000000000000000000000",
                "tenant": TENANT,
            }
            out.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n")
            prev = hashed
    return file
