"""Links nobody allowed lead nowhere; names that are no links stay as they are."""

import pytest

from policy.defanging import Defanged, defang, live_links
from policy.redaction import Redactor

ALLOWED = ("status.example.com", "*.acme.example")


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/?q=secret",
        "HTTP://EVIL.example/x",
        "![chart](https://evil.example/i.png?q=secret)",
        "[runbook](https://evil.example/secret)",
        "<https://evil.example/?q=secret|runbook>",
        "see evil.com/x?q=secret",
        "secret.evil.com",
        "https://status.example.com@evil.example/x",
        "https://status.example.com.evil.example/x",
        "https:\\\\evil.example\\x",
        "https://аcme.example/x",  # noqa: RUF001 - a Cyrillic letter is the point
        "https://xn--cme-8cd.example/",
        "go to http://10.0.0.1/x",
        "run.sh/x.evil.io",
    ],
)
def test_what_nobody_allowed_is_dead(text: str) -> None:
    """In every form in which a client would make a link of it."""
    dead = defang(text, allowed=ALLOWED)
    assert list(live_links(dead, allowed=ALLOWED)) == []
    assert dead != text


@pytest.mark.parametrize(
    "text",
    [
        "https://status.example.com/web?x=1",
        "see [it](https://wiki.acme.example/a) and https://a.b.acme.example",
        "checkout.retry is limited to 3.5 a second, p95 200.5 ms",
        "run deploy.sh, then main.py; see README.md and shop.set_flag v1.4.2",
        "10.0.0.1:8080 and 2026-09-21T13:58:21Z, e.g. this, i.e. that",
        "at 14:02: 7.3 % of requests",
        "`new-checkout` is off",
    ],
)
def test_what_is_allowed_or_no_link_stays(text: str) -> None:
    """Words, versions, files and names are not touched."""
    assert defang(text, allowed=ALLOWED) == text


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_link_that_arrives_in_pieces_is_dead_too(size: int) -> None:
    """A piece never ends inside of it."""
    text = "one two https://evil.example/?q=secret and evil.com/x three " * 5
    stream = Defanged(inner=Redactor.default().stream(), allowed=())
    shown = "".join(stream.feed(text[n : n + size]) for n in range(0, len(text), size)) + stream.close()
    assert shown == defang(text, allowed=()) and list(live_links(shown, allowed=())) == []
