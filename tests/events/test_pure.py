"""The parts that decide without touching anything: patterns, waiting, signing, rendering."""

import json
import re
from pathlib import Path

import pytest

from bot.events import backoff, patterns, signature
from bot.events.cloud_event import render
from bot.events.errors import BadSecret, BadSink
from policy.redaction import Redactor
from storage.canonical import canonical, digest
from storage.erased import linked_over
from storage.hashchain import GENESIS, link_hash
from storage.records import AuditEntry
from tests.events.receiver import SECRET

OTHER = "whsec_" + "QUJD" * 8


SALT = "5a" * 16


def an_entry(body: dict[str, object]) -> AuditEntry:
    values = {
        "tenant": "T0ACME",
        "seq": 7,
        "at": 1700000000.123456,
        "event": "ops.agent_task.executed",
        "task_id": "t_1",
        "correlation_id": "c_1",
        "body": canonical(body),
        "prev": GENESIS,
    }
    over = {**values, "body": linked_over(str(values["body"]), SALT)}
    return AuditEntry(**values, salt=SALT, hash=link_hash(**over))  # type: ignore[arg-type]


def test_an_entry_is_a_cloud_event() -> None:
    entry = an_entry({"tool": "deploys.rollback"})
    assert json.loads(render(entry, Redactor.default())) == {
        "specversion": "1.0",
        "id": "T0ACME:7",
        "source": "/ops-autopilot/tenants/T0ACME",
        "type": "ops.agent_task.executed",
        "subject": "t_1",
        "time": "2023-11-14T22:13:20.123456Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:ops-autopilot:events.ops_agents.v1",
        "stream": "events.ops_agents.v1",
        "sequence": "00000000000000000007",
        "data": {
            "body": {"tool": "deploys.rollback"},
            "correlation_id": "c_1",
            "hash": entry.hash,
            "prev": GENESIS,
            "salt": SALT,
            "redacted": False,
        },
    }


def test_a_receiver_can_check_the_chain_from_what_it_got() -> None:
    """The hash of a link is computable from the event alone, as docs/events.md says."""
    entry = an_entry({"tool": "deploys.rollback", "n": 1.5})
    event = json.loads(render(entry, Redactor.default()))
    parts = ["T0ACME", 7, "1700000000.123456", event["type"], event["subject"], event["data"]["correlation_id"]]
    commitment = f"sha256:{digest(event['data']['salt'] + canonical(event['data']['body']))}"
    computed = digest(canonical([*parts, commitment, event["data"]["prev"]]))
    assert computed == event["data"]["hash"] == entry.hash


def test_a_secret_on_the_record_does_not_leave() -> None:
    """What is written is redacted already; what leaves the house is redacted again, and says so."""
    sent = render(
        an_entry({"why": "token xoxb-123456789012-123456789012-abcdefghijABCDEFGHIJabcd"}), Redactor.default()
    )
    assert b"xoxb-1234" not in sent
    assert json.loads(sent)["data"]["redacted"] is True


def test_a_signature_is_that_of_the_standard() -> None:
    """The example of the Standard Webhooks libraries' own tests."""
    (key,) = signature.keys_of("S", {"S": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    found = signature.headers(
        (key,), message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330, body=b'{"test": 2432232314}'
    )
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_changed_both_sign() -> None:
    keys = signature.keys_of("S", {"S": f"{SECRET} {OTHER}"})
    found = signature.headers(keys, message_id="m", at=1, body=b"{}")["webhook-signature"]
    assert [part[:3] for part in found.split()] == ["v1,", "v1,"]


@pytest.mark.parametrize("value", ["", "hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_no base64!", SECRET[6:]])
def test_a_bad_secret_is_named_by_its_variable_only(value: str) -> None:
    with pytest.raises(BadSecret) as told:
        signature.keys_of("OPS_SECRET", {"OPS_SECRET": value})
    assert str(told.value).startswith("OPS_SECRET ")
    assert "hunter2" not in str(told.value)


def test_a_secret_given_for_its_variables_name_is_not_repeated() -> None:
    with pytest.raises(BadSink) as told:
        signature.checked_variable(SECRET)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    ("failures", "chance", "asked", "wait"),
    [
        (1, 0.0, 0, 1.0),
        (1, 1.0, 0, 2.0),
        (2, 0.0, 0, 2.0),
        (5, 1.0, 0, 32.0),
        (9, 1.0, 0, 512.0),
        (10, 1.0, 0, 900.0),
        (10_000, 1.0, 0, 900.0),
        (1, 0.0, 120, 120.0),
        (1, 0.0, 10**9, 86_400.0),
    ],
)
def test_waiting_doubles_with_jitter_up_to_a_quarter_hour(
    failures: int, chance: float, asked: float, wait: float
) -> None:
    assert backoff.delay(failures, chance=chance, asked=asked) == wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("7", 7),
        ("1.5", 1.5),
        ("-3", 0),
        ("nonsense", 0),
        ("inf", 0),
        ("9" * 400, 0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float) -> None:
    assert backoff.retry_after(header, now=1700000000.0) == seconds


@pytest.mark.parametrize("pattern", ["", "task.created", "ops agent", "opsx.*", "OPS.*", "ops.[a]"])
def test_a_pattern_that_matches_no_event_is_refused(pattern: str) -> None:
    with pytest.raises(BadSink):
        patterns.checked([pattern])


def test_patterns_choose_events() -> None:
    assert patterns.checked([]) == ["ops.*"]
    assert patterns.checked(["*", "ops.a", "*"]) == ["*", "ops.a"]
    assert patterns.wanted("ops.agent_task.approved", ["ops.agent_task.*"])
    assert not patterns.wanted("ops.schedule.fired", ["ops.agent_task.*"])
    assert not patterns.wanted("internal.note", ["*"])


def test_every_event_about_sinks_is_told_in_the_docs() -> None:
    """A new name is added to docs/events.md."""
    root = Path(__file__).parents[2]
    sources = "".join(file.read_text(encoding="utf-8") for file in (root / "bot" / "events").glob("*.py"))
    names = set(re.findall(r'sinks\.note\(tx, sink, "(\w+)"', sources))
    assert names >= {"added", "parked"}
    docs = (root / "docs" / "events.md").read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"ops.event_sink.{name}" not in docs] == []
