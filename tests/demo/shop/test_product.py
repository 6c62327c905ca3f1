"""The product operations: causes, symptoms, and what each operation does about them."""

from typing import Any

import httpx
import pytest

from bot.demo.shop import ManualClock, Shop
from bot.demo.shop.faults import Story
from bot.demo.shop.product.members import VICTIM
from bot.demo.shop.product.moderation import SCAM


async def read(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"/product/{path}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def do(client: httpx.AsyncClient, path: str, **body: object) -> httpx.Response:
    return await client.post(f"/product/{path}", json=body)


async def test_a_locked_out_member_gets_in_again_only_when_the_stranger_is_out_and_cannot_come_back(
    client: httpx.AsyncClient, shop: Shop, clock: ManualClock
) -> None:
    shop.world.tell(Story.LOCKED_OUT, on=True)
    clock.forward(30)
    seen = await read(client, f"users/{VICTIM}")
    assert (seen["login"], seen["countries"], len(seen["sessions"])) == ("refused", ["VN"], 5)
    await do(client, f"users/{VICTIM}/revoke-sessions")
    clock.forward(30)
    assert "VN" in (await read(client, f"users/{VICTIM}"))["countries"], "the stranger still has the password"
    await do(client, f"users/{VICTIM}/reset-link")
    await do(client, f"users/{VICTIM}/revoke-sessions")
    clock.forward(10)
    seen = await read(client, f"users/{VICTIM}")
    assert (seen["login"], seen["countries"], seen["reset_link_sent"]) == ("ok", ["DE"], False)
    assert Story.LOCKED_OUT not in shop.world.told()


async def test_revoked_sessions_and_tokens_come_back_within_a_day_and_not_after(
    client: httpx.AsyncClient, clock: ManualClock
) -> None:
    before = await read(client, "users/a-44")
    ids = [one["id"] for one in before["sessions"]]
    await do(client, "users/a-44/revoke-sessions")
    await do(client, "users/a-44/revoke-push-tokens")
    gone = await read(client, "users/a-44")
    assert (gone["sessions"], gone["push_tokens"]) == ([], [])
    await do(client, "users/a-44/restore-sessions", ids=[*ids, "s-made-up"])
    await do(client, "users/a-44/restore-push-tokens", ids=before["push_tokens"])
    assert (await read(client, "users/a-44"))["sessions"] == before["sessions"]
    assert (await read(client, "users/a-44"))["push_tokens"] == before["push_tokens"]


async def test_friction_needs_an_end_slows_the_member_and_ends_by_itself(
    client: httpx.AsyncClient, shop: Shop, clock: ManualClock
) -> None:
    refused = await do(client, "users/n-7/friction", seconds_between_posts=600)
    assert refused.status_code == 422
    assert "expires_at is missing" in refused.json()["detail"]
    over = await do(client, "users/n-7/friction", seconds_between_posts=600, expires_at="2020-01-01T00:00:00Z")
    assert "is over" in over.json()["detail"]
    soon = "2026-09-21T14:23:20Z"
    assert (await do(client, "users/n-7/friction", seconds_between_posts=600, expires_at=soon)).status_code == 200
    member = shop.world.members.find("n-7")
    assert member is not None
    assert shop.world.social.reply("p-101", member.account, clock()) == 201
    assert shop.world.social.reply("p-101", member.account, clock() + 10) == 429
    clock.forward(3600)
    assert (await read(client, "users/n-7"))["friction"] == {"seconds": 0, "expires_at": None}


async def test_a_ban_stops_posting_and_ends_by_itself(
    client: httpx.AsyncClient, shop: Shop, clock: ManualClock
) -> None:
    await do(client, "users/n-7/ban", hours=1, violation="scam")
    member = shop.world.members.find("n-7")
    assert member is not None
    assert shop.world.social.reply("p-101", member.account, clock()) == 403
    clock.forward(3601)
    assert (await read(client, "users/n-7"))["banned_until"] is None


async def test_reported_content_leads_its_queue_until_it_is_removed_for_good(
    client: httpx.AsyncClient, shop: Shop
) -> None:
    shop.world.tell(Story.SCAM, on=True)
    queue = await read(client, "queues/reports")
    assert (queue["state"], queue["items"][0]) == ("behind", {"id": SCAM, "about": "reply to p-103", "weight": 14})
    seen = await read(client, f"content/{SCAM}")
    assert (seen["reports"], seen["author"]) == (14, "n-7")
    assert seen["author_age_days"] < 2
    await do(client, f"content/{SCAM}/remove", violation="scam")
    gone = await read(client, f"content/{SCAM}")
    assert (gone["state"], gone["text"], gone["views_per_minute"]) == ("removed", "", 0)
    assert (await read(client, "queues/reports"))["state"] == "ok"


async def test_an_appeal_is_decided_once(client: httpx.AsyncClient) -> None:
    assert (await do(client, "appeals/ap-1/resolve", decision="overturned")).status_code == 200
    assert (await read(client, "queues/appeals"))["waiting"] == 0
    second = await do(client, "appeals/ap-1/resolve", decision="upheld")
    assert second.status_code == 422
    assert "final" in second.json()["detail"]


async def test_a_weak_window_stands_out_on_the_growth_dashboard(client: httpx.AsyncClient, shop: Shop) -> None:
    assert (await read(client, "dashboards/growth"))["worst"] == ""
    shop.world.tell(Story.WEAK_WINDOW, on=True)
    assert (await read(client, "dashboards/growth"))["worst"] == "18:00-20:00"


@pytest.mark.parametrize("name", ["reliability", "safety", "support", "growth", "pipeline"])
async def test_every_dashboard_is_well_while_nothing_is_wrong_and_none_is_when_all_is(
    client: httpx.AsyncClient, shop: Shop, clock: ManualClock, name: str
) -> None:
    assert (await read(client, f"dashboards/{name}"))["worst"] == ""
    for story in Story:
        shop.world.tell(story, on=True)
    clock.forward(120)
    assert (await read(client, f"dashboards/{name}"))["worst"]


async def test_a_trace_of_a_failed_order_ends_where_it_failed(
    client: httpx.AsyncClient, shop: Shop, clock: ManualClock
) -> None:
    shop.world.tell(Story.BAD_FLAG, on=True)
    clock.forward(20)
    logs = (await client.get("/logs", params={"query": "refused the cart"})).json()
    found = await read(client, f"traces/{logs['lines'][0]['trace_id']}")
    assert [span["service"] for span in found["spans"]] == ["edge", "checkout", "payments"]
    assert found["failed_in"] == "payments"
    assert (await client.get("/product/traces/0000000000000000")).status_code == 404


async def test_the_audit_log_knows_flags_logins_and_writes(
    client: httpx.AsyncClient, shop: Shop, clock: ManualClock
) -> None:
    shop.world.tell(Story.LOCKED_OUT, on=True)
    shop.world.tell(Story.BAD_FLAG, on=True)
    clock.forward(30)
    await do(client, f"users/{VICTIM}/reset-link")
    found = await read(client, f"audit?query={VICTIM}")
    assert found["entries"][0]["action"] == "sendResetLink"
    assert any("login refused" in entry["action"] for entry in found["entries"])
    assert (await read(client, "audit?query=mira"))["entries"][0]["target"] == "new-checkout"
