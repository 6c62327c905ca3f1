"""`autopilot approvers`: the secret is shown once and kept as ciphertext."""

import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.factors.enrolling import offer_in
from bot.factors.keys import Keys
from tests.commands.conftest import Cli
from tests.commands.test_token import _make


def _secret_of(printed: str) -> str:
    return parse_qs(urlsplit(printed.splitlines()[0]).query)["secret"][0]


def test_a_new_key_takes_over_every_enrolment(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/step-up.md has it: both keys, re-encrypt, the new one alone; whoever no key opens is named."""
    _make(home)
    old, new = (cli("approvers", "key").stdout.strip() for _ in range(2))
    monkeypatch.setenv("AUTOPILOT_STEP_UP_KEY", old)
    monkeypatch.setenv("AUTOPILOT_CONSOLE_URL", "https://ops.example")
    secret = _secret_of(cli("approvers", "enrol", "U0DANA").stdout)
    monkeypatch.setenv("AUTOPILOT_STEP_UP_KEY", f"{new},{old}")
    assert "1 of 1 enrolments are under an older key" in cli("doctor").stdout
    assert "T1: 1 re-encrypted, 0 under the first key already" in cli("approvers", "re-encrypt").stdout
    assert "T1: 0 re-encrypted, 1 under the first key already" in cli("approvers", "re-encrypt").stdout
    monkeypatch.setenv("AUTOPILOT_STEP_UP_KEY", new)
    assert "1 with an authenticator app" in cli("doctor").stdout
    with sqlite3.connect(home / "autopilot.db") as db:
        [(kept,)] = db.execute("select secret from factors")
        events = [row[0] for row in db.execute("select event from audit order by seq")]
    assert Keys(new).opened(kept, "T1", "U0DANA") == secret
    assert events.count("ops.approver.re_encrypted") == 1
    monkeypatch.setenv("AUTOPILOT_STEP_UP_KEY", old)
    assert "U0DANA of T1" in str(cli("approvers", "re-encrypt").exception)
    assert "opens the app of U0DANA of T1" in cli("doctor").stdout


def test_a_link_enrols_nobody_yet(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a secret for this person that only our key opens; without an address of the console there is none."""
    _make(home)
    key = cli("approvers", "key").stdout.strip()
    monkeypatch.setenv("AUTOPILOT_STEP_UP_KEY", key)
    assert "AUTOPILOT_CONSOLE_URL" in str(cli("approvers", "enrol", "U0DANA", "--link").exception)
    monkeypatch.setenv("AUTOPILOT_CONSOLE_URL", "https://ops.example")
    link = cli("approvers", "enrol", "U0DANA", "--link").stdout.splitlines()[0]
    offer = offer_in(Keys(key), link.removeprefix("https://ops.example/enrol/"))
    assert offer is not None and (offer.tenant, offer.person) == ("T1", "U0DANA") and offer.secret not in link
    assert "nobody" in cli("approvers", "list").stdout


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
