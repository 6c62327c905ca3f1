"""The HTTP API on the console's port: in a person's name, by the same rules as in Slack."""

import ast
import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage import api_tokens, audit
from tests.scenarios.world import DANA, INCIDENTS, KIM, World, a_world

ROOT = Path(__file__).parents[2]
TENANT = "T0ACME"


async def a_token(world: World, person: str, *scopes: str, life: float = 3600.0) -> str:
    async with world.database() as db, db.write() as tx:
        _token, text = await api_tokens.mint(
            tx, tenant=TENANT, person=person, name="test", scopes=scopes, life=life, by="cli:test"
        )
    return text


class Caller:
    def __init__(self, world: World) -> None:
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.config.console_port}/api/v1")
        self._count = 0

    async def __call__(
        self, method: str, path: str, token: str = "", body: Any = None, key: str = ""
    ) -> httpx.Response:
        self._count += 1
        headers = {"Idempotency-Key": key or f"k{self._count}"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        return await self._client.request(method, path, json=body, headers=headers)

    async def close(self) -> None:
        await self._client.aclose()


async def test_asking_and_voting_in_a_persons_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask, read, vote: the same groups decide as on the card, and each use is on the record."""
    async with a_world(tmp_path, monkeypatch.setenv) as world:
        call = Caller(world)
        everything = await a_token(world, DANA, "read", "ask", "vote")
        asked = await call(
            "POST", "/ask", everything, {"channel": INCIDENTS, "text": "checkout is failing"}, key="once"
        )
        assert asked.status_code == 202, asked.text
        again = await call(
            "POST", "/ask", everything, {"channel": INCIDENTS, "text": "checkout is failing"}, key="once"
        )
        assert again.status_code == 409
        waiting: list[Any] = []
        while not waiting:
            waiting = (await call("GET", "/proposals", everything)).json()["proposals"]
            await asyncio.sleep(0.1)
        proposal = waiting[0]["id"]
        assert waiting[0]["says"].startswith("Turn feature flag") and waiting[0]["needs"][0]["group"] == "operators"
        outsider = await a_token(world, KIM, "vote")
        refused = await call("POST", f"/proposals/{proposal}/vote", outsider, {"approve": True})
        assert refused.status_code == 403 and "you cannot approve this" in refused.json()["message"]
        own = await call("POST", f"/proposals/{proposal}/vote", everything, {"approve": True})
        sam = await a_token(world, "U0SAM", "vote")
        if own.status_code == 403:  # the requester's own does not count where the rule says so
            own = await call("POST", f"/proposals/{proposal}/vote", sam, {"approve": True})
        assert own.status_code == 200, own.text
        task = asked.json()["task"]

        async def state() -> str:
            return str((await call("GET", f"/tasks/{task}", everything)).json()["proposals"][0]["state"])

        while await state() != "ran":  # noqa: ASYNC110  asked from outside, as a caller must
            await asyncio.sleep(0.1)
        async with world.database() as db, db.read() as tx:
            events = [(e.event, e.body) for e in await audit.entries(tx, TENANT)]
        used = [body for event, body in events if event == "ops.api_token.used"]
        assert any('"what":"ask"' in body for body in used) and any(f"vote on {proposal}" in body for body in used)
        assert not any(everything.split(".")[1] in body for _event, body in events)
        await call.close()


async def test_a_token_may_only_what_it_says_and_only_while_it_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        call = Caller(world)
        reader = await a_token(world, DANA, "read")
        assert (await call("GET", "/proposals")).status_code == 401
        assert (await call("GET", "/proposals", "oap_k_1.guess")).status_code == 401
        assert (await call("GET", "/proposals", reader[:-1] + ("A" if reader[-1] != "A" else "B"))).status_code == 401
        assert (await call("GET", "/proposals", reader)).status_code == 200
        ask: dict[str, Any] = {"channel": INCIDENTS, "text": "hello"}
        refused = await call("POST", "/ask", reader, ask)
        assert refused.status_code == 403 and "may not ask" in refused.json()["error"]
        assert (await call("POST", "/proposals/x/vote", reader, {"approve": True})).status_code == 403
        assert (await call("POST", "/halt", reader, {"reason": "x"})).status_code == 403
        expired = await a_token(world, DANA, "read", life=-1.0)
        assert (await call("GET", "/proposals", expired)).status_code == 401
        gone = await a_token(world, "U0NOBODY", "read")
        assert (await call("GET", "/proposals", gone)).status_code == 403
        asker = await a_token(world, KIM, "ask")
        assert (await call("POST", "/ask", asker, {"channel": "C0NOWHERE", "text": "x"})).status_code == 403
        assert (await call("POST", "/ask", asker, {"channel": INCIDENTS})).status_code == 422
        world.slack.workspace.channels[INCIDENTS].members.discard(KIM)
        outside = await call("POST", "/ask", asker, {"channel": INCIDENTS, "text": "what may be done depends on where"})
        assert outside.status_code == 403 and "not in this channel" in outside.json()["error"]
        assert (await call("POST", "/ask", asker, {"text": "x" * 70_000, "channel": INCIDENTS})).status_code == 413
        async with world.database() as db, db.write() as tx:
            [token] = [t for t in await api_tokens.of_tenant(tx, TENANT) if t.scopes == ("read",) and t.person == DANA][
                -1:
            ]
            await api_tokens.revoke(tx, TENANT, token.id, by="cli:test")
        assert (await call("GET", "/proposals", reader)).status_code == 401
        await call.close()


async def test_the_kill_switch_over_the_api_needs_the_scope_and_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        call = Caller(world)
        dana, kim = await a_token(world, DANA, "admin:halt"), await a_token(world, KIM, "admin:halt")
        assert (await call("POST", "/halt", kim, {"reason": "x"})).status_code == 403
        assert (await call("POST", "/halt", dana, {"reason": "load test"})).status_code == 200
        assert (await call("POST", "/halt", dana, {"reason": "again"})).status_code == 409
        assert (await call("POST", "/lift", dana, {"reason": "over"})).status_code == 200
        await call.close()


async def test_no_request_makes_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_world(tmp_path, monkeypatch.setenv, fault=None) as world:
        call = Caller(world)
        token = await a_token(world, DANA, *api_tokens.SCOPES)
        for path in ("/tokens", "/token", "/api_tokens"):
            assert (await call("POST", path, token, {"scopes": ["admin:halt"]})).status_code == 404
        await call.close()


def test_nothing_the_model_reaches_can_make_a_token() -> None:
    """Only the command line calls `mint`; no tool, agent, brain, listener or page does, and no tool is named so."""
    callers = set()
    for package in ("bot", "tools", "policy", "storage"):
        for file in (ROOT / package).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
            if "mint" in names:
                callers.add(str(file.relative_to(ROOT)))
    assert callers == {"bot/commands/token.py"}
