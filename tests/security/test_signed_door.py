"""Cases 1, 2, 4, 5 and 6 at the door for signed requests: what Slack did not sign, just so and just now, is a 401."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from starlette.applications import Starlette

from bot.slack import http_door
from bot.slack.http_door import routes
from bot.slack.signatures import SigningSecrets

NOW = 1_700_000_000.0
BODY = json.dumps({"type": "event_callback", "event_id": "Ev1", "team_id": "T1"}).encode()
SIGNED = "v0=" + "0" * 64


class Inside(AsyncApp):
    """Notes what gets past the door."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-test", request_verification_enabled=False)
        self.seen: list[str] = []

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        self.seen.append(req.raw_body)
        return BoltResponse(status=200, body="")


@dataclass
class Door:
    """One door, and who sends to it."""

    now: float = NOW
    secrets: dict[str, Any] = field(default_factory=dict)
    inside: Inside = field(default_factory=Inside)

    async def send(
        self,
        body: bytes = BODY,
        *,
        signed_as: bytes | None = None,
        secret: str = "new",  # noqa: S107  # of this test
        timestamp: str | None = None,
        signature: str | None = None,
        leave_out: str = "",
    ) -> int:
        at = str(int(self.now)) if timestamp is None else timestamp
        base = b"v0:" + at.encode() + b":" + (body if signed_as is None else signed_as)
        proof = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": at, "x-slack-signature": proof if signature is None else signature}
        headers.pop(leave_out, None)
        keys = SigningSecrets(secret="new", clock=lambda: self.now, **self.secrets)
        transport = httpx.ASGITransport(app=Starlette(routes=routes(self.inside, keys)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            raw = {name.encode(): value.encode() for name, value in headers.items()}
            answer = await client.post("/slack/events", content=body, headers=raw)
        assert answer.status_code == 200 or answer.json() == {"error": "invalid request"}, answer.text
        return answer.status_code


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many were turned away, as the one counter has it."""
    total: list[int] = []

    class Counter:
        def add(self, amount: int) -> None:
            total.append(amount)

    monkeypatch.setattr(http_door, "_turned_away", Counter())
    return lambda: sum(total)


async def test_what_slack_signed_just_now_gets_in(counted: Callable[[], int]) -> None:
    door = Door()
    assert await door.send() == 200
    assert await door.send(timestamp=str(int(NOW) - 299)) == 200
    assert len(door.inside.seen) == 2 and counted() == 0


@pytest.mark.parametrize("signature", ["", "v0=00", SIGNED, "v1=" + "0" * 64, "v0=ключ", "v0=\u0660" * 8])
async def test_case_1_and_4_a_forged_or_odd_signature_is_turned_away(
    signature: str, counted: Callable[[], int]
) -> None:
    door = Door()
    assert await door.send(signature=signature) == 401
    assert door.inside.seen == [] and counted() == 1


async def test_case_1_another_body_or_another_secret_is_turned_away() -> None:
    door = Door()
    assert await door.send(signed_as=BODY + b" ") == 401
    assert await door.send(secret="guessed") == 401
    assert await door.send(leave_out="x-slack-signature") == 401
    assert door.inside.seen == []


@pytest.mark.parametrize(
    "timestamp",
    ["abc", "", " ", "-1", "1e9", "1.5", "٣", "9" * 5000, str(int(NOW) - 301), str(int(NOW) + 301), "99999999999"],
)
async def test_case_2_and_4_a_timestamp_that_is_not_now_is_turned_away(timestamp: str) -> None:
    """Signed correctly all the same: a replayed request is as good a copy as there is."""
    door = Door()
    assert await door.send(timestamp=timestamp) == 401
    assert door.inside.seen == []


@pytest.mark.parametrize("body", [b"\xff\xfe{}", b"payload=\xc3\x28", b"\x80"])
async def test_case_4_a_body_that_is_no_text_is_turned_away(body: bytes) -> None:
    door = Door()
    assert await door.send(body) == 401
    assert door.inside.seen == []


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        (b'{"a": 1}', b'{"a":1}'),
        (b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
        (b'{"a":"A"}', b'{"a":"\\u0041"}'),
        (b"text=a+b", b"text=a%20b"),
        (b'{"a":1}', b'\xef\xbb\xbf{"a":1}'),
    ],
)
async def test_case_5_the_same_meaning_in_other_bytes_is_turned_away(signed: bytes, sent: bytes) -> None:
    door = Door()
    assert await door.send(signed) == 200
    assert await door.send(sent, signed_as=signed) == 401


async def test_case_6_the_old_secret_is_good_inside_the_overlap_and_not_after() -> None:
    door = Door(secrets={"old": "old", "old_until": NOW + 60})
    assert await door.send(secret="old") == 200
    assert await door.send(secret="new") == 200
    door.now = NOW + 60
    assert await door.send(secret="old") == 401
    assert await door.send(secret="new") == 200


async def test_case_6_without_a_window_there_is_no_second_secret() -> None:
    assert await Door(secrets={"old": "old"}).send(secret="old") == 401
    assert await Door().send(secret="") == 401
