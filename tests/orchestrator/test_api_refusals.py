"""The API while nobody can say who is who: a clear sentence and a number that says "again", never a broken page."""

import httpx
import pytest
from starlette.applications import Starlette

from bot.console.api import Api
from bot.orchestrator.seeing import Seeing
from policy.people import CannotAsk
from storage import api_tokens
from tests.builders import TENANT
from tests.orchestrator.office import Office

WHY = "slack does not say who is who (ratelimited)"
SCOPES = ("read", "ask", "vote", "admin:halt")


class Everywhere:
    async def open_to(self, tenant: str, channel: str, person: str) -> bool:
        return True


class Thread:
    """Begins threads, unless Slack is away."""

    away = False

    async def begin(self, tenant: str, channel: str, person: str, text: str) -> str:
        if self.away:
            raise CannotAsk("slack does not answer (TimeoutError)")
        return "1.0"


async def _calling(office: Office, thread: Thread) -> httpx.AsyncClient:
    async with office.db.write() as tx:
        _token, text = await api_tokens.mint(
            tx, tenant=TENANT, person="U0DANA", name="test", scopes=SCOPES, life=60.0, by="cli:test"
        )
    seeing = Seeing(gateway=office.gateway, people=office.staff, channels=Everywhere())
    app = Starlette(routes=Api(orchestrator=office.desk, seeing=seeing, begin_thread=thread.begin).routes())
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://bot/api/v1",
        headers={"Authorization": f"Bearer {text}", "Idempotency-Key": "k"},
    )


ASK = {"channel": "C0INC", "text": "checkout burns"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/tasks/t_1", None),
        ("GET", "/proposals", None),
        ("POST", "/ask", ASK),
        ("POST", "/proposals/p/vote", {"approve": True}),
        ("POST", "/halt", {"reason": "x"}),
        ("POST", "/lift", {"reason": "x"}),
    ],
)
async def test_every_route_says_that_nobody_can_be_asked(
    office: Office, method: str, path: str, body: dict[str, object] | None
) -> None:
    async with await _calling(office, Thread()) as call:
        office.staff.lost = WHY
        answer = await call.request(method, path, json=body)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json() == {"error": f"nothing was done, because {WHY}; send it again"}
        office.staff.lost = ""
        assert (await call.request(method, path, json=body)).status_code in (200, 202, 403, 404, 409)


async def test_a_request_that_slack_did_not_take_can_be_sent_again(office: Office) -> None:
    """Under the same Idempotency-Key: nothing came of the first."""
    thread = Thread()
    async with await _calling(office, thread) as call:
        thread.away = True
        assert (await call.post("/ask", json=ASK)).status_code == 503
        thread.away = False
        assert (await call.post("/ask", json=ASK)).status_code == 202
        assert (await call.post("/ask", json=ASK)).status_code == 409
