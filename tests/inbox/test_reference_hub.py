"""The reference hub keeps the contract that docs/inbox-worker.md describes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.demo.hub.app import create_app
from bot.demo.hub.messages import Mailbox

TOKEN = "hub-token"
KEY = {"idempotency-key": "k" * 16}


@pytest.fixture
async def client(mailbox: Mailbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(mailbox, token=TOKEN))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield client


async def test_unread_comes_in_pages(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    for number in range(3):
        mailbox.arrive(sender="mira", body=f"hello {number}")
    first = (await client.get("/v1/unread", params={"limit": 2})).json()
    second = (await client.get("/v1/unread", params={"limit": 2, "after": first["next"]})).json()
    assert [one["id"] for one in first["messages"] + second["messages"]] == ["m1", "m2", "m3"]
    assert second["next"] is None
    (only,) = (await client.get("/v1/unread", params={"id": "m2"})).json()["messages"]
    assert only == {"id": "m2", "from": "mira", "subject": "", "body": "hello 1", "version": only["version"]}


async def test_one_key_is_one_effect(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    version = mailbox.arrive(sender="mira", body="hello").version
    body = {"kind": "reply", "text": "hi", "version": version}
    answers = [await client.post("/v1/messages/m1/reply", json=body, headers=KEY) for _ in range(3)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"id": "e1"})] * 3
    assert len(mailbox.effects) == 1
    other = await client.post("/v1/messages/m1/reply", json=body | {"text": "bye"}, headers=KEY)
    assert (other.status_code, other.json()["error"]) == (409, "conflict")


async def test_a_changed_message_is_a_conflict(client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    seen = mailbox.arrive(sender="mira", body="hello").version
    mailbox.arrive(sender="mira", body="something else", id="m1")
    answer = await client.post("/v1/messages/m1/read", json={"version": seen}, headers=KEY)
    assert answer.status_code == 409
    assert mailbox.effects == []


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/messages/m9/read", {"version": "x"}, KEY, 404),
        ("/v1/messages/m1/read", {"version": "x"}, {}, 422),
        ("/v1/messages/m1/read", {"version": "x", "all": True}, KEY, 422),
        ("/v1/messages/m1/reply", {"version": "x", "kind": "deploy", "text": "x"}, KEY, 422),
        ("/v1/messages/m1/progress", {"version": "x", "text": "a" * 70_000}, KEY, 422),
        ("/v1/messages/m1/read", {"version": "x"}, KEY | {"authorization": "Bearer guess"}, 401),
    ],
)
async def test_what_the_contract_does_not_know_is_refused(
    client: httpx.AsyncClient, mailbox: Mailbox, path: str, body: object, headers: dict[str, str], status: int
) -> None:
    mailbox.arrive(sender="mira", body="hello")
    answer = await client.post(path, json=body, headers=headers)
    assert (answer.status_code, set(answer.json())) == (status, {"error", "detail"})


async def test_its_document_names_every_operation(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json", headers={"authorization": ""})).json()
    names = {op["operationId"] for path in document["paths"].values() for op in path.values()}
    assert names == {"unread", "send_reply", "add_progress", "mark_read"}
    assert set(document["components"]["schemas"]) >= {"MessageOut", "UnreadOut", "ReplyIn", "Done", "Problem"}
