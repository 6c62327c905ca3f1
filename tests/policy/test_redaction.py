"""What is masked and what must stay readable, each as a table."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.redaction import MAX_DEPTH, TOO_DEEP, Redactor
from tests.policy.redaction_samples import ORDINARY, SECRETS

REDACTOR = Redactor.default()


@pytest.mark.parametrize(("text", "secret", "label"), SECRETS)
def test_a_secret_is_replaced_by_its_label(text: str, secret: str, label: str) -> None:
    """Nothing of it stays, and the words around it do."""
    done = REDACTOR.text(f"look: {text}\n(and so on)")
    assert secret not in done.text
    assert f"[redacted:{label}]" in done.text
    assert done.found.get(label) == 1
    assert done.text.startswith("look: ")
    assert done.text.endswith("\n(and so on)")


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_operations_text_stays_as_it_is(text: str) -> None:
    """A redactor that eats trace ids gets switched off."""
    assert REDACTOR.text(text).text == text


@pytest.mark.parametrize(("text", "secret", "label"), SECRETS)
def test_redacting_twice_changes_nothing(text: str, secret: str, label: str) -> None:
    """Text passes several exits."""
    once = REDACTOR.text(text).text
    assert REDACTOR.text(once).text == once


@pytest.mark.parametrize(("text", "secret", "label"), SECRETS)
def test_invisible_characters_do_not_hide_a_secret(text: str, secret: str, label: str) -> None:
    """Zero-width joined letters read as the secret to people and programs alike."""
    middle = text.index(secret) + len(secret) // 2
    done = REDACTOR.text(text[:middle] + "\u200b\u2060" + text[middle:])
    assert f"[redacted:{label}]" in done.text
    assert secret[len(secret) // 2 :] not in done.text


def test_a_secret_inside_base64_is_found() -> None:
    """Kubernetes secrets and careless tools encode, which hides nothing."""
    encoded = base64.b64encode(b"DB_PASSWORD=hunter2-and-more").decode()
    assert REDACTOR.text(f"data: {encoded} end").text == "data: [redacted:encoded-secret] end"
    harmless = base64.b64encode(b"nothing to see here, move along").decode()
    assert REDACTOR.text(harmless).text == harmless


def test_an_open_key_block_is_masked_as_far_as_it_goes() -> None:
    """A cut-off log line still holds most of the key."""
    cut = "before -----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIGb\nabcDEF0123+/"
    assert REDACTOR.text(cut).text == "before [redacted:private-key]"


JSON_CASES: list[tuple[Any, Any]] = [
    ({"password": "hunter2", "user": "bo"}, {"password": "[redacted:secret]", "user": "bo"}),
    ({"dbPassword": 12345678}, {"dbPassword": "[redacted:secret]"}),
    ({"api_key": ["k1x", "k2x"]}, {"api_key": "[redacted:secret]"}),
    ({"token": None, "tokens": 4096, "max_tokens": 100}, {"token": None, "tokens": 4096, "max_tokens": 100}),
    ({"next_page_token": "CAUQAA"}, {"next_page_token": "CAUQAA"}),
    ({"name": "DB_PASSWORD", "value": "abc"}, {"name": "DB_PASSWORD", "value": "[redacted:secret]"}),
    ({"name": "LOG_LEVEL", "value": "abc"}, {"name": "LOG_LEVEL", "value": "abc"}),
    ({"password": "", "secret": "${DB}"}, {"password": "", "secret": "${DB}"}),
    ([{"msg": "mail a@example.com"}], [{"msg": "mail [redacted:email]"}]),
    ({"a@example.com": 1}, {"[redacted:email]": 1}),
    ({"n": 1.5, "ok": True, "none": None}, {"n": 1.5, "ok": True, "none": None}),
]


@pytest.mark.parametrize(("value", "expected"), JSON_CASES)
def test_json_is_masked_by_value_and_by_key(value: Any, expected: Any) -> None:
    """Keys say what a short value cannot."""
    done, found = REDACTOR.json(value)
    assert done == expected
    assert bool(found) == (value != expected)


def test_two_keys_that_mask_to_one_lose_nothing_in_silence() -> None:
    """Both values stay in the record."""
    done, found = REDACTOR.json({"a@example.com": 1, "b@example.com": 2})
    assert done == {"[redacted:email]": 1, "[redacted:email] (2)": 2}
    assert found == {"email": 2}


def test_bottomless_json_is_withheld_rather_than_followed() -> None:
    """A hostile tool result must not end the process."""
    value: Any = "deep password=hunter2"
    for _ in range(MAX_DEPTH + 5):
        value = [value]
    done, found = REDACTOR.json(value)
    assert "hunter2" not in str(done)
    assert TOO_DEEP in str(done)
    assert found == {"too-deep": 1}


HOSTILE = ["password:", "token=", "authorization:", "a@", "1 ", "+1 ", "://a:", "DE89 ", "-----BEGIN PRIVATE KEY-----"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", HOSTILE)
def test_text_made_to_be_slow_is_not(unit: str) -> None:
    """A tool result of 100 KB, in about a second even on a busy machine; quadratic patterns would take minutes."""
    REDACTOR.text(unit * (100_000 // len(unit)))


@given(st.text(max_size=300))
def test_any_text_is_survived_and_settled_after_one_pass(text: str) -> None:
    """Never an exception, never a second find."""
    once = REDACTOR.text(text).text
    assert REDACTOR.text(once).text == once
