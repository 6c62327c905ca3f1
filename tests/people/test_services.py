"""PagerDuty- and Opsgenie-shaped services, on a real socket: what is asked, what is made of it, and what goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.people.build import build
from bot.people.roster import Roster
from bot.settings import BadSettings
from tests.people.conftest import TENANT, OnCallServer, Workspace
from tests.people.test_ical import SPAN, a_calendar

ENVIRON = {"PD_TOKEN": "pd-secret-1", "OG_KEY": "og-secret-1", "CAL_URL": ""}
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
Make = Callable[..., Roster]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def make(tmp_path: Path, client: httpx.AsyncClient, workspace: Workspace) -> Make:
    def make(source: dict[str, Any], *, environ: dict[str, str] | None = None) -> Roster:
        file = tmp_path / "groups.yaml"
        file.write_text(yaml.safe_dump({"sources": {"x": source}, "groups": {"sre": "x"}}))
        return build(
            file,
            environ=environ or ENVIRON,
            client=client,
            directory=workspace,
            tenant=TENANT,
            clock=lambda: NOW,
        )

    return make


def pagerduty(server: OnCallServer, **more: Any) -> dict[str, Any]:
    return {"pagerduty": {"url": server.url, "token_env": "PD_TOKEN", "schedules": ["P1"], **more}}


def opsgenie(server: OnCallServer, **more: Any) -> dict[str, Any]:
    return {"opsgenie": {"url": server.url, "token_env": "OG_KEY", "schedule": "web team", **more}}


def on_call(*emails: str, more: bool = False, **fields: Any) -> Response:
    found = [{"user": {"id": "PU", "type": "user", "email": e}, "escalation_level": 1, **fields} for e in emails]
    return JSONResponse({"oncalls": found, "more": more, "limit": 100, "offset": 0})


async def test_pagerduty_is_asked_as_its_documentation_says(make: Make, server: OnCallServer) -> None:
    server.answer = lambda _request: on_call("Dana@acme.example")
    found = await make(pagerduty(server, escalation_policies="E1")).group(TENANT, "sre")
    assert found.ids == {"U0DANA"}
    assert not found.why
    [request] = server.seen
    assert request.url.path == "/oncalls"
    assert request.headers["authorization"] == "Token token=pd-secret-1"
    assert request.headers["accept"] == "application/vnd.pagerduty+json;version=2"
    assert request.query_params.getlist("schedule_ids[]") == ["P1"]
    assert request.query_params.getlist("escalation_policy_ids[]") == ["E1"]
    assert request.query_params.getlist("include[]") == ["users"]


async def test_pagerduty_is_read_to_its_last_page(make: Make, server: OnCallServer) -> None:
    people = ["dana@acme.example", "sam@acme.example", "noor@acme.example"]

    def page(request: Request) -> Response:
        first = int(request.query_params["offset"])
        return on_call(people[first], more=first < 2)

    server.answer = page
    assert (await make(pagerduty(server)).group(TENANT, "sre")).ids == {"U0DANA", "U0SAM", "U0NOOR"}
    assert [r.query_params["offset"] for r in server.seen] == ["0", "1", "2"]


async def test_pagerduty_without_an_end_of_pages_is_not_believed(make: Make, server: OnCallServer) -> None:
    server.answer = lambda _request: on_call("dana@acme.example", more=True)
    found = await make(pagerduty(server)).group(TENANT, "sre")
    assert (found.ids, found.why) == (frozenset(), "'x' has more than 20 pages of on-calls; name fewer schedules")


async def test_only_the_levels_asked_for_and_only_shifts_that_last(make: Make, server: OnCallServer) -> None:
    hour = timedelta(hours=1)
    entries = [
        ("dana", 1, NOW - hour, NOW + hour),
        ("sam", 2, NOW - hour, NOW + hour),
        ("noor", 1, NOW - 2 * hour, NOW),  # just over
        ("kim", 1, NOW + hour, None),
    ]
    found = [
        {
            "user": {"email": f"{name}@acme.example"},
            "escalation_level": level,
            "start": start.isoformat(),
            "end": end and end.isoformat(),
        }
        for name, level, start, end in entries
    ]
    server.answer = lambda _request: JSONResponse({"oncalls": found, "more": False})
    assert (await make(pagerduty(server, levels=[1])).group(TENANT, "sre")).ids == {"U0DANA"}
    assert (await make(pagerduty(server)).group(TENANT, "sre")).ids == {"U0DANA", "U0SAM"}


async def test_opsgenie_is_asked_as_its_documentation_says(make: Make, server: OnCallServer) -> None:
    data = {"_parent": {"id": "1", "name": "web"}, "onCallRecipients": ["Dana@acme.example", "sam@acme.example"]}
    server.answer = lambda _request: JSONResponse({"data": data, "took": 0.1, "requestId": "r"})
    assert (await make(opsgenie(server)).group(TENANT, "sre")).ids == {"U0DANA", "U0SAM"}
    [request] = server.seen
    assert request.scope["raw_path"] == b"/v2/schedules/web%20team/on-calls"
    assert request.headers["authorization"] == "GenieKey og-secret-1"
    assert dict(request.query_params) == {"scheduleIdentifierType": "name", "flat": "true"}


async def test_opsgenie_pages_are_followed_on_its_own_host_only(make: Make, server: OnCallServer) -> None:
    """The next page's address comes from the answer, and the token goes with it."""

    def page(request: Request) -> Response:
        second = "page" in request.query_params
        data = {"onCallRecipients": ["sam@acme.example" if second else "dana@acme.example"]}
        following = {} if second else {"paging": {"next": f"{server.url}/v2/schedules/web/on-calls?page=2"}}
        return JSONResponse({"data": data, **following})

    server.answer = page
    assert (await make(opsgenie(server)).group(TENANT, "sre")).ids == {"U0DANA", "U0SAM"}
    elsewhere = {"data": {"onCallRecipients": []}, "paging": {"next": "https://evil.example/v2/x"}}
    server.answer = lambda _request: JSONResponse(elsewhere)
    found = await make(opsgenie(server)).group(TENANT, "sre")
    assert (found.ids, found.why) == (frozenset(), "'x' continues its answer on another host, which is not followed")


async def _never(_request: Request) -> Response:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("kind", [pagerduty, opsgenie])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _r: Response(status_code=401), "refuses the token (401)"),
        (lambda _r: Response(status_code=403), "does not let this token look"),
        (lambda _r: Response(status_code=404), "knows no such schedule"),
        (lambda _r: Response(status_code=429), "is asked too often"),
        (lambda _r: Response(status_code=503), "answered 503"),
        (lambda _r: RedirectResponse("http://127.0.0.1:1/"), "answered 307"),
        (lambda _r: Response("<html>"), "did not answer JSON"),
        (lambda _r: JSONResponse({"hello": 1}), "did not answer with on-calls"),
        (lambda _r: JSONResponse([]), "did not answer with on-calls"),
        (lambda _r: Response(b" " * 2_100_000), "more than 2,000,000 bytes"),
        (
            lambda _r: JSONResponse({"oncalls": [{"user": {"id": "P"}}], "data": {"onCallRecipients": ["Dana"]}}),
            "does not say the e-mail address",
        ),
        (_never, "did not answer within 0.4 s"),
    ],
)
async def test_nobody_is_let_through_while_a_service_cannot_be_asked(
    make: Make, server: OnCallServer, kind: Callable[..., dict[str, Any]], answer: Any, why: str
) -> None:
    """And the reason names the source, not its token."""
    server.answer = answer
    roster = make(kind(server, timeout_seconds=0.4))
    actor = await roster.actor(TENANT, "U0DANA")
    assert actor is not None
    assert (actor.groups, [one.group for one in actor.unasked]) == (frozenset(), ["sre"])
    assert actor.unasked[0].why.startswith("'x' ")
    assert why in actor.unasked[0].why
    assert "secret" not in actor.unasked[0].why


async def test_a_host_that_is_not_there_is_a_source_that_is_down(make: Make, server: OnCallServer) -> None:
    gone = OnCallServer(url="http://127.0.0.1:1")
    assert (await make(pagerduty(gone)).group(TENANT, "sre")).why == "'x' cannot be reached (ConnectError)"


async def test_one_answer_serves_all_who_ask_at_once_and_for_seconds_only(make: Make, server: OnCallServer) -> None:
    server.answer = lambda _request: on_call("dana@acme.example")
    roster = make(pagerduty(server, cache_seconds=300))
    await asyncio.gather(*(roster.actor(TENANT, "U0DANA") for _ in range(5)))
    assert len(server.seen) == 1
    fresh = make(pagerduty(server, cache_seconds=0))
    await fresh.actor(TENANT, "U0DANA")
    await fresh.actor(TENANT, "U0DANA")
    assert len(server.seen) == 3


async def test_a_calendar_at_a_secret_address(make: Make, server: OnCallServer) -> None:
    server.answer = lambda _request: Response(a_calendar(f"UID:1\nSUMMARY:kim@acme.example\n{SPAN}"))
    source = {"ical": {"url_env": "CAL_URL", "cache_seconds": 0, "time_zone": "UTC"}}
    roster = make(source, environ={"CAL_URL": f"{server.url}/private-99/basic.ics"})
    assert (await roster.group(TENANT, "sre")).ids == {"U0KIM"}
    assert server.seen[0].url.path == "/private-99/basic.ics"
    server.answer = lambda _request: Response("nothing")
    why = (await roster.group(TENANT, "sre")).why
    assert why.startswith("'x': not an iCalendar")
    assert "private-99" not in why


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"pagerduty": {"token_env": "NO_SUCH", "schedules": ["P"]}}, "needs 'NO_SUCH', which is not set"),
        ({"pagerduty": {"token_env": "PD_TOKEN"}}, "name schedules or escalation_policies"),
        ({"pagerduty": {"token_env": "PD_TOKEN", "schedules": ["P"], "url": "http://pd.example"}}, "https://"),
        ({"opsgenie": {"token_env": "OG_KEY", "schedule": "x", "url": "ftp://x"}}, "https://"),
        ({"ical": {"url": "http://cal.example/x"}}, "https://"),
        ({"ical": {}}, "one of file, url and url_env"),
        ({"list": ["dana"]}, "neither a Slack user id"),
        ({"list": ["U0DANA"], "slack": "sre"}, "one of list, slack"),
        ({"lisst": ["U0DANA"]}, "lisst"),
    ],
)
def test_a_source_that_cannot_work_is_refused_at_the_start(make: Make, source: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSettings, match=says) as error:
        make(source)
    assert str(error.value).startswith("AUTOPILOT_GROUPS_FILE: ")
    assert "secret" not in str(error.value)
