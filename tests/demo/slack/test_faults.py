"""The fault plan: what the app sees, and what had an effect anyway."""

import asyncio

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.slack.faults import FaultKind, Faults
from bot.demo.slack.server import LocalSlack


def texts(slack: LocalSlack) -> list[str]:
    return [message["text"] for message in slack.ui.messages("ops")]


async def test_only_the_nth_call_fails(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.faults.add(FaultKind.ERROR, "chat.postMessage", nth=2, error="fatal_error", status=500)
    await client.chat_postMessage(channel="C0OPS", text="one")
    with pytest.raises(SlackApiError, match="fatal_error"):
        await client.chat_postMessage(channel="C0OPS", text="two")
    await client.chat_postMessage(channel="C0OPS", text="three")
    assert texts(slack) == ["one", "three"]


async def test_a_planned_rate_limit_looks_like_a_real_one(slack: LocalSlack, client: AsyncWebClient) -> None:
    slack.faults.add(FaultKind.RATE_LIMIT, "chat.*", times=1, retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel="C0OPS", text="one")
    assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (429, "7")
    await client.chat_postMessage(channel="C0OPS", text="two")


@pytest.mark.parametrize(
    ("kind", "effect"), [(FaultKind.DROP_BEFORE, []), (FaultKind.DROP_AFTER, ["did it get through?"])]
)
async def test_a_cut_connection_may_or_may_not_have_had_its_effect(
    slack: LocalSlack, kind: FaultKind, effect: list[str]
) -> None:
    slack.faults.add(kind, "chat.postMessage")
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": f"Bearer {slack.bot_token}"}) as http:
        with pytest.raises(httpx.TransportError):
            await http.post(
                f"{slack.api_url}chat.postMessage", json={"channel": "C0OPS", "text": "did it get through?"}
            )
    assert texts(slack) == effect


@pytest.mark.parametrize("after", [False, True])
async def test_a_held_call_waits_before_or_after_its_effect(
    slack: LocalSlack, client: AsyncWebClient, after: bool
) -> None:
    held = slack.faults.hold("chat.postMessage", after=after)
    call = asyncio.create_task(client.chat_postMessage(channel="C0OPS", text="one"))
    await asyncio.wait_for(held.reached.wait(), 5)
    assert texts(slack) == (["one"] if after else [])
    assert not call.done()
    held.release()
    assert (await call)["ok"]
    assert texts(slack) == ["one"]


async def test_another_process_can_hold_a_call_too(slack: LocalSlack, client: AsyncWebClient) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=f"{slack.base_url}/control/") as control:
        plan = {"kind": "hold_before", "method": "chat.postMessage", "nth": 1}
        number = (await control.post("faults", json=plan)).json()["number"]
        call = asyncio.create_task(client.chat_postMessage(channel="C0OPS", text="one"))
        await control.get(f"faults/{number}/reached")
        assert texts(slack) == []
        await control.post(f"faults/{number}/release")
        await call
        log = (await control.get("log", params={"kind": "api", "name": "chat.postMessage"})).json()["entries"]
    assert [entry["answer"]["ok"] for entry in log] == [True]
    assert "xoxb" not in str(log)


async def test_the_control_api_refuses_what_it_does_not_know(slack: LocalSlack) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=f"{slack.base_url}/control/") as control:
        assert (await control.post("faults", json={"kind": "explode"})).status_code == 400
        assert (await control.post("settings", json={"rate_limit": False})).status_code == 400
        await control.post("settings", json={"rate_limits": False, "stream_life": 2, "retry_delays": [1]})
        before = (await control.get("clock")).json()["now"]
        assert (await control.post("clock", json={"seconds": 5})).json()["now"] == before + 5
    assert (slack.office.limits.on, slack.office.streams.life, slack.delivery.retry_delays) == (False, 2, (1,))


def test_the_same_seed_strikes_the_same_calls() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed=seed)
        faults.add(FaultKind.ERROR, probability=0.5)
        return [bool(faults.strike("chat.postMessage")) for _ in range(50)]

    assert struck(7) == struck(7) != struck(8)
    assert 10 < sum(struck(7)) < 40


async def test_a_reset_forgets_what_was_said_and_planned(slack: LocalSlack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0OPS", text="one")
    slack.faults.add(FaultKind.ERROR, "chat.postMessage")
    async with httpx.AsyncClient(trust_env=False) as control:
        await control.post(f"{slack.base_url}/control/reset")
    assert texts(slack) == []
    await client.chat_postMessage(channel="C0OPS", text="two")
    assert texts(slack) == ["two"]
