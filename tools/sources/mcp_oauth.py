"""OAuth for an MCP server behind a URL: client credentials, by the official SDK, for one issuer and no other.

A bot has no browser, so it has an id and a secret of its own; which server they belong to is said in the manifest and
never by the MCP server. Tokens live in memory and are asked for anew when they end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from tools.sources.errors import SourceError

if TYPE_CHECKING:
    import httpx2
    from mcp.shared.auth import OAuthClientInformationFull, OAuthToken


class OAuth(BaseModel):
    """What the manifest says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(pattern=r"^https?://[^/\s@?#]+(/[^\s?#]*)?$")
    """URL of the authorization server; the secret is sent there only"""
    client_id_env: str
    client_secret_env: str
    """scopes are those that the MCP server says it needs"""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The client's own id and secret, read once."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.issuer).netloc

    def provider(self, url: str) -> "httpx2.Auth":
        """What signs requests to the server at `url`."""
        from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider

        return ClientCredentialsOAuthProvider(
            server_url=url,
            storage=_InMemory(),
            client_id=self.client_id,
            client_secret=self.client_secret,
            issuer=self.issuer,
        )


def credentials(declared: OAuth, manifest: Path, environ: Mapping[str, str]) -> Credentials:
    """The credentials a manifest names.

    Raises:
        SourceError: one of them is not set.
    """
    for name in (declared.client_id_env, declared.client_secret_env):
        if not environ.get(name):
            raise SourceError(str(manifest), "mcp: oauth", f"{name!r} is not set; set it to the client's own")
    return Credentials(
        issuer=declared.issuer,
        client_id=environ[declared.client_id_env],
        client_secret=environ[declared.client_secret_env],
    )


@dataclass
class _InMemory:
    """Where the SDK keeps tokens: gone with the process."""

    tokens: "OAuthToken | None" = None
    client: "OAuthClientInformationFull | None" = None

    async def get_tokens(self) -> "OAuthToken | None":
        return self.tokens

    async def set_tokens(self, tokens: "OAuthToken") -> None:
        self.tokens = tokens

    async def get_client_info(self) -> "OAuthClientInformationFull | None":
        return self.client

    async def set_client_info(self, client_info: "OAuthClientInformationFull") -> None:
        self.client = client_info
