"""A rotated password goes into the Vault and nowhere else, whatever the Vault answers."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.demo.slack.loopback import serving
from tests.tools.postgres.conftest import RIGHTS, Ops, an_operator, programs
from tests.tools.postgres.kv_store import TOKEN, KvStore, echo
from tools.contract import Held, ToolFailed
from tools.postgres.passwords import scram
from tools.postgres.vault import Vault
from tools.sources.errors import SourceError

VALUE = "sup3r-value"


@pytest.fixture
def kv() -> KvStore:
    return KvStore()


@pytest.fixture
async def vault(kv: KvStore) -> AsyncIterator[Vault]:
    async with serving(kv.app()) as url:
        yield Vault.at(f"{url}/secret/ops/shop", TOKEN, lambda: httpx.AsyncClient(trust_env=False))


async def test_a_value_is_kept_beside_and_then_used(vault: Vault, kv: KvStore) -> None:
    assert await vault.kept_since("app") is None
    await vault.keep_next("app", VALUE)
    assert (await vault.has_next("app"), await vault.kept_since("app")) == (True, None)
    await vault.use_next("app", VALUE)
    assert (await vault.has_next("app"), await vault.kept_since("app")) == (False, "2026-01-01T00:00:00Z")
    await vault.keep_next("odd/../name", VALUE)
    assert set(kv.kept) == {"ops/shop/postgres-app", f"ops/shop/postgres-x{b'odd/../name'.hex()}.next"}
    assert not any(method == "GET" and path.startswith("data/") for method, path in kv.asked), "values are never read"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (echo(VALUE), "answered 400"),
        (JSONResponse({"errors": [VALUE]}, 403), "answered 403; check its token's policy"),
        (JSONResponse({"errors": []}, 500), "answered 500"),
        (HTMLResponse("<html>log in</html>"), "answers no JSON"),
        (Response(b"x" * 5_000_000), "answers too much"),
        (Response(status_code=302, headers={"location": "http://example.invalid"}), "answered 302"),
    ],
)
async def test_a_store_that_misbehaves_changes_nothing_and_repeats_nothing(
    vault: Vault, kv: KvStore, broken: Response, says: str
) -> None:
    kv.breaks["POST data/ops/shop/postgres-app.next"] = broken
    with pytest.raises(ToolFailed, match=says) as refused:
        await vault.keep_next("app", VALUE)
    assert not refused.value.effect_possible
    assert VALUE not in str(refused.value) and TOKEN not in str(refused.value) + repr(vault)


async def test_a_store_that_cannot_be_reached_is_said_to_be() -> None:
    away = Vault.at("http://127.0.0.1:1/secret", TOKEN, lambda: httpx.AsyncClient(trust_env=False))
    with pytest.raises(ToolFailed, match=r"cannot be reached \(ConnectError\); nothing was changed"):
        await away.keep_next("app", VALUE)


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        ("vault.example/secret", TOKEN, "no address"),
        ("https://vault.example", TOKEN, "no address"),
        ("http://vault.example/secret", TOKEN, "not https"),
        ("https://vault.example/secret", "", "VAULT_TOKEN: value: is empty"),
    ],
)
def test_a_wrong_address_ends_the_start(url: str, token: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        Vault.at(url, token, httpx.AsyncClient)


@pytest.mark.postgres
async def test_a_role_gets_a_new_password_that_only_the_vault_knows(
    postgres_url: str, tmp_path: Path, vault: Vault, kv: KvStore
) -> None:
    async with an_operator(postgres_url, tmp_path, programs(), RIGHTS, secrets=vault) as ops:
        me = await ops.owner.fetchval("select tableowner from pg_tables where tablename = 'orders'")
        role = f"app_{await ops.owner.fetchval('select pg_backend_pid()')}"
        await ops.owner.execute(f"create role {role} login; grant {role} to {me} with admin option")
        try:
            await _rotates(ops, role, me, kv)
        finally:
            await ops.owner.execute(f"drop role {role}")


async def _rotates(ops: Ops, role: str, me: str, kv: KvStore) -> None:
    here = f"ops/shop/postgres-{role}"

    async def lets_in(password: str) -> bool:
        verifier = await ops.owner.fetchval("select rolpassword from pg_authid where rolname = $1", role)
        return bool(verifier == scram(password, base64.b64decode(verifier.split("$")[1].split(":")[1])))

    said = repr(await ops.preview("rotate_password", role=role)) + repr(await ops.run("rotate_password", role=role))
    seen = await ops.verify("rotate_password", role=role)
    [first] = kv.kept[here]
    assert seen.held is Held.YES and set(kv.kept) == {here}
    assert await lets_in(first) and first not in said + repr(seen)

    # The Vault fails after the role was changed: the new password is still there, and a check does not say yes.
    kv.breaks[f"POST data/{here}"] = JSONResponse({"errors": ["sealed"]}, 503)
    with pytest.raises(ToolFailed, match=f"kept as postgres-{role}.next only") as broke:
        await ops.run("rotate_password", role=role)
    [second] = kv.kept[f"{here}.next"]
    assert broke.value.effect_possible and await lets_in(second) and kv.kept[here] == [first]
    assert (await ops.verify("rotate_password", role=role)).held is Held.NO
    assert second not in str(broke.value)

    # The database refuses: what was kept beside is dropped again.
    await ops.run("rotate_password", role=role)
    await ops.owner.execute(f"revoke {role} from {me}")
    with pytest.raises(ToolFailed, match="may not do that"):
        await ops.run("rotate_password", role=role)
    assert set(kv.kept) == {here} and len(kv.kept[here]) == 2
