"""`autopilot approvers`: the secret is shown once and kept as ciphertext."""

import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.factors.keys import Keys
from tests.commands.conftest import Cli
from tests.commands.test_token import _make


def test_somebody_is_enrolled_listed_and_removed(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(home)
    assert "AUTOPILOT_STEP_UP_KEY" in str(cli("approvers", "enrol", "U0DANA").exception)
    key = cli("approvers", "key").stdout.strip()
    monkeypatch.setenv("AUTOPILOT_STEP_UP_KEY", key)
    made = cli("approvers", "enrol", "U0DANA")
    assert made.exit_code == 0, made.exception
    shown = urlsplit(made.stdout.splitlines()[0])
    assert (shown.scheme, shown.netloc) == ("otpauth", "totp")
    [secret] = parse_qs(shown.query)["secret"]
    assert "--replace" in str(cli("approvers", "enrol", "U0DANA").exception)
    with sqlite3.connect(home / "autopilot.db") as db:
        assert secret not in "\n".join(db.iterdump())
        [(kept,)] = db.execute("select secret from factors")
    assert Keys(key).opened(kept, "T1", "U0DANA") == secret
    assert cli("approvers", "enrol", "U0DANA", "--replace").stdout.splitlines()[0] != made.stdout.splitlines()[0]
    assert cli("approvers", "list").stdout.startswith("U0DANA since ")
    assert cli("approvers", "remove", "U0DANA").exit_code == 0
    assert "not enrolled" in str(cli("approvers", "remove", "U0DANA").exception)
    assert "nobody" in cli("approvers", "list").stdout
    with sqlite3.connect(home / "autopilot.db") as db:
        events = [row[0] for row in db.execute("select event from audit order by seq")]
    assert events[1:] == ["ops.approver.enrolled", "ops.approver.enrolled", "ops.approver.removed"]
