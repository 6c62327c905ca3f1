"""A Vault (KV version 2, https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2) as the secret store."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import httpx
from pydantic import JsonValue

from tools.contract import JsonObject, ToolFailed
from tools.postgres.secret_stores import path_of
from tools.sources.errors import SourceError

SECONDS = 5.0
"""for one request; three of them fit into the time of a rotation"""
BODY_MAX = 64 * 1024
SETTING = "AUTOPILOT_OPERATOR_VAULT"


@dataclass(frozen=True, kw_only=True)
class Vault:
    """One path of one mount. It needs create, update and delete there and read of metadata, never read of data.

    Nothing it answers is repeated: an error's text may hold what was sent.
    """

    base: str
    """scheme and host"""
    mount: str
    prefix: str
    token: str = field(repr=False)
    client: Callable[[], httpx.AsyncClient]

    @classmethod
    def at(cls, url: str, token: str, client: Callable[[], httpx.AsyncClient]) -> "Vault":
        """The store at https://host/MOUNT/PATH.

        Raises:
            SourceError: it is no such address, or the token would travel in the clear.
        """
        parts = urlsplit(url)
        mount, _, prefix = parts.path.strip("/").partition("/")
        if parts.scheme not in ("https", "http") or not parts.hostname or not mount or parts.query or parts.username:
            raise SourceError(SETTING, "value", "is no address of a KV store; write https://vault.example/MOUNT/PATH")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise SourceError(SETTING, "value", "is not https, and the token would be read on the way; use https")
        if not token:
            raise SourceError(f"{SETTING}_TOKEN", "value", "is empty; give the token of a policy for that path")
        return cls(base=f"{parts.scheme}://{parts.netloc}", mount=mount, prefix=prefix, token=token, client=client)

    async def keep_next(self, name: str, value: str) -> None:
        await self._write(f"{path_of(name)}.next", value, after="nothing was changed", effect_possible=False)

    async def use_next(self, name: str, value: str) -> None:
        # Vault itself keeps the versions before.
        await self._write(path_of(name), value, after="it stays where it was kept first", effect_possible=True)
        await self.drop_next(name)

    async def drop_next(self, name: str) -> None:
        try:
            await self._send("DELETE", "metadata", f"{path_of(name)}.next")
        except ToolFailed:
            return  # it stays, and the check after the change says so

    async def kept_since(self, name: str) -> str | None:
        return await self._since(path_of(name))

    async def has_next(self, name: str) -> bool:
        return await self._since(f"{path_of(name)}.next") is not None

    async def _write(self, path: str, value: str, *, after: str, effect_possible: bool) -> None:
        try:
            status, _ = await self._send("POST", "data", path, {"data": {"password": value}})
        except ToolFailed as error:
            raise ToolFailed(f"{error}; {after}", effect_possible=effect_possible, reason=error.reason) from None
        if status not in (200, 204):
            raise ToolFailed(f"{_said(status)}; {after}", effect_possible=effect_possible, reason="refused")

    async def _since(self, path: str) -> str | None:
        status, body = await self._send("GET", "metadata", path)
        if status == 404:
            return None
        data = body.get("data") if status == 200 else None
        if not isinstance(data, dict) or not isinstance(data.get("updated_time"), str):
            raise ToolFailed(_said(status), effect_possible=False, reason="refused")
        return str(data["updated_time"])

    async def _send(self, method: str, kind: str, path: str, body: JsonValue = None) -> tuple[int, JsonObject]:
        """(status, the answer's object).

        Raises:
            ToolFailed: no answer that can be read, in words of our own.
        """
        where = "/".join(
            quote(part, safe="") for part in ("v1", self.mount, kind, *self.prefix.split("/"), path) if part
        )
        headers = {"x-vault-token": self.token, "x-vault-request": "true", "accept-encoding": "identity"}
        try:
            async with (
                asyncio.timeout(SECONDS),
                self.client() as client,
                client.stream(method, f"{self.base}/{where}", json=body, headers=headers) as answer,
            ):
                raw = bytearray()
                async for chunk in answer.aiter_bytes():
                    raw += chunk
                    if len(raw) > BODY_MAX:
                        raise ToolFailed(
                            "the secret store answers too much", effect_possible=True, reason="bad_response"
                        )
                parsed = _object(bytes(raw))
                if answer.status_code == 200 and parsed is None:
                    raise ToolFailed("the secret store answers no JSON", effect_possible=True, reason="bad_response")
                return answer.status_code, parsed or {}
        except (TimeoutError, httpx.HTTPError) as error:
            says = f"the secret store cannot be reached ({type(error).__name__})"
            raise ToolFailed(says, effect_possible=True, reason="unreachable") from None


def _object(raw: bytes) -> JsonObject | None:
    import json

    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _said(status: int) -> str:
    hint = "; check its token's policy" if status in (401, 403) else ""
    return f"the secret store answered {status}{hint}"
