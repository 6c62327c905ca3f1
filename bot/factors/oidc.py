"""One OpenID Connect provider: authorisation code with PKCE, and an id_token that is checked before it is believed."""

import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import BaseModel, ValidationError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""with a public key only: neither "none" nor a signature by a secret that is no secret"""
LARGEST = 256 * 1024
KEPT = 600.0
"""seconds the provider's own description is used again"""
BETWEEN = 10.0
"""seconds at least between two looks for new keys"""
FRESH = 600.0
"""seconds since the person proved who they are to the provider"""
LEEWAY = 60.0


class OidcRefused(Exception):
    """The provider's answer does not prove who this is; the message is a sentence for people."""


class _Described(BaseModel):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(BaseModel):
    id_token: str


class _Claims(BaseModel):
    sub: str
    nonce: str
    email: str = ""
    email_verified: bool = False
    azp: str = ""
    acr: str = ""
    auth_time: float | None = None


@dataclass(frozen=True, kw_only=True)
class Trip:
    """One round to the provider and back. Each value is of this round only."""

    state: str
    nonce: str
    verifier: str
    redirect: str


@dataclass(kw_only=True)
class Oidc:
    """Asks one provider who somebody is."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)
    acr: str = ""
    """how the person must have proven themselves, as the provider names it; "" for any way"""
    clock: Callable[[], float] = time.time
    _described: tuple[float, _Described] | None = None
    _keys: tuple[float, dict[str, Any]] | None = None

    async def address(self, trip: Trip) -> str:
        """Where to send the browser.

        Raises:
            OidcRefused: the provider does not answer as one.
        """
        challenge = base64.urlsafe_b64encode(hashlib.sha256(trip.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": trip.redirect,
            "scope": "openid email",
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "login",
            "max_age": "0",
            **({"acr_values": self.acr} if self.acr else {}),
        }
        endpoint = (await self._describe()).authorization_endpoint
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def origin(self) -> str:
        """The provider's own page, as a browser names it.

        Raises:
            OidcRefused: the provider does not answer as one.
        """
        parts = urlsplit((await self._describe()).authorization_endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    async def email(self, code: str, trip: Trip) -> str:
        """The verified address of whoever logged in for this trip.

        Raises:
            OidcRefused: the answer is not one of this provider, for us, of this trip, and fresh.
        """
        described = await self._describe()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": trip.redirect,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "code_verifier": trip.verifier,
        }
        raw = await self._ask(lambda: self.client.post(described.token_endpoint, data=asked, timeout=10))
        try:
            tokens = _Tokens.model_validate(raw)
        except ValidationError:
            raise OidcRefused("the provider gave no id_token") from None
        return self._checked(await self._verified(tokens.id_token), trip)

    def _checked(self, claims: _Claims, trip: Trip) -> str:
        if claims.nonce != trip.nonce:
            raise OidcRefused("the answer belongs to another attempt; press Approve in Slack again")
        if claims.azp and claims.azp != self.client_id:
            raise OidcRefused("the answer was made for another application")
        if self.acr and claims.acr != self.acr:
            raise OidcRefused("the provider does not say that you proved yourself the way this takes")
        if claims.auth_time is None or claims.auth_time < self.clock() - FRESH:
            raise OidcRefused("the provider does not say that you logged in just now")
        if not claims.email or not claims.email_verified:
            raise OidcRefused("the provider does not vouch for your e-mail address")
        return claims.email

    async def _verified(self, token: str) -> _Claims:
        """The claims of a token that this provider signed for us and that has not expired."""
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            algorithm, kid = str(header.get("alg")), str(header.get("kid", ""))
            if algorithm not in ALGORITHMS:
                raise OidcRefused("the provider's answer is not signed in a way that proves anything")
            key = await self._key(kid)
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self.client_id,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub", "nonce"]},
            )
            return _Claims.model_validate(claims)
        except (jwt.PyJWTError, ValidationError, TypeError, ValueError) as error:
            raise OidcRefused(f"the provider's answer does not hold ({type(error).__name__})") from None

    async def _key(self, kid: str) -> Any:
        """The provider's public key of this name; asked for again when it is new."""
        import jwt

        for again in (False, True):
            keys = jwt.PyJWKSet.from_dict(await self._jwks(again=again)).keys
            fit = [key for key in keys if key.public_key_use in (None, "sig") and (not kid or key.key_id == kid)]
            if len(fit) == 1:
                return fit[0]
        raise OidcRefused("the provider's answer is signed with a key that it does not publish")

    async def _jwks(self, *, again: bool) -> dict[str, Any]:
        now = time.monotonic()
        if self._keys is not None and now - self._keys[0] < (BETWEEN if again else KEPT):
            return self._keys[1]
        uri = (await self._describe()).jwks_uri
        found = await self._ask(lambda: self.client.get(uri, timeout=10))
        self._keys = (now, found)
        return found

    async def _describe(self) -> _Described:
        now = time.monotonic()
        if self._described is not None and now - self._described[0] < KEPT:
            return self._described[1]
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        raw = await self._ask(lambda: self.client.get(address, timeout=10))
        try:
            found = _Described.model_validate(raw)
        except ValidationError:
            raise OidcRefused("the provider does not describe itself as OpenID Connect wants") from None
        if found.issuer != self.issuer:
            raise OidcRefused("the provider calls itself by another name than AUTOPILOT_OIDC_ISSUER")
        for endpoint in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            if not trusted(endpoint):
                raise OidcRefused("the provider names an address that is not https")
        self._described = (now, found)
        return found

    async def _ask(self, asking: Callable[[], Awaitable[httpx.Response]]) -> dict[str, Any]:
        try:
            answer = await asking()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OidcRefused(f"the provider does not answer ({type(error).__name__}); try again") from None
        if answer.status_code != 200 or len(answer.content) > LARGEST:
            raise OidcRefused(f"the provider refuses (status {answer.status_code})")
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise OidcRefused("the provider's answer is not JSON")
        return found


def trusted(address: str) -> bool:
    """Whether an address of the provider may be used: https, or this machine itself."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
