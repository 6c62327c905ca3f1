"""The stand-alone verifier as a library: many processes say what one says."""

import json
from pathlib import Path
from typing import Any

import pytest

from storage import verify_audit
from storage.hashchain import link_hash


def test_several_processes_find_what_one_finds_across_their_seams(tmp_path: Path) -> None:
    """Small stretches, so that every seam is tried: a gap, a broken link and a second workspace lie on them."""
    prev, lines = "0" * 64, []
    for seq in range(1, 301):
        entry = {
            "tenant": "T1",
            "seq": seq,
            "at": 1.5,
            "event": "e",
            "task_id": "",
            "correlation_id": "",
            "body": '{"a":"ü"}',
        }
        hashed = link_hash(**entry, prev=prev)  # type: ignore[arg-type]
        lines.append(json.dumps({**entry, "prev": prev, "hash": hashed}, ensure_ascii=False))
        prev = hashed
    file = tmp_path / "record.jsonl"
    other = {
        "tenant": "T1",
        "seq": 151,
        "at": 1.5,
        "event": "e",
        "task_id": "",
        "correlation_id": "",
        "body": '{"a":"ü"}',
    }
    elsewhere = link_hash(**other, prev="1" * 64)  # type: ignore[arg-type]
    for seam in (700, 10**9):
        forged = json.dumps({**other, "prev": "1" * 64, "hash": elsewhere}, ensure_ascii=False)
        file.write_text("\n".join([*lines[:150], forged]), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verify_audit, "CHUNK", 1 if seam == 700 else seam)
            assert verify_audit.check_file(file, jobs=1)[1] == ["T1: entry 151 does not link to entry 150"]
    for left_out in (None, 1, 150, 151, 152, 299):
        file.write_text("\n".join(line for n, line in enumerate(lines, 1) if n != left_out), encoding="utf-8")
        one = verify_audit.check_file(file, jobs=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(verify_audit, "CHUNK", 700)
            many = verify_audit.check_file(file, jobs=2)
        assert many[1] == one[1] and bool(one[1]) == (left_out is not None)
        assert many[0]["T1"] == one[0]["T1"]


def test_an_order_that_is_none_is_named_and_stops_nothing() -> None:
    rows: list[verify_audit.Row] = []
    prev = "0" * 64
    for seq, body in enumerate(('{"entries":[[1]]}', "{}", '{"entries":[[1,2]]}'), 1):
        values: dict[str, Any] = {"tenant": "T1", "seq": seq, "at": 1.5, "event": verify_audit.ORDER, "task_id": ""}
        hashed = link_hash(**values, correlation_id="", body=body, prev=prev)
        rows.append(("T1", seq, 1.5, verify_audit.ORDER, "", "", body, prev, hashed, ""))
        prev = hashed
    [run], wrong = verify_audit.check_rows(rows)
    assert (run.count, [one.split(" ", 1)[1] for one in wrong]) == (
        3,
        [f"entry {seq} ({verify_audit.ORDER}) is no order that can be read" for seq in (1, 2)],
    )
