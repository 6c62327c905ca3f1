"""What a provider says is believed only when it is signed by it, for us, for this attempt, and fresh."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.factors.oidc import Oidc, OidcRefused, Trip
from tests.factors.provider import CLIENT, SECRET, Claims, Provider, a_key

TRIP = Trip(state="s", nonce="n", verifier="v" * 43, redirect="http://127.0.0.1:1/step-up/oidc/callback")


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    found = Provider()
    async with found.serve():
        yield found


@pytest.fixture
async def oidc(provider: Provider) -> AsyncIterator[Oidc]:
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        yield Oidc(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, client=client)


async def a_code(oidc: Oidc, trip: Trip = TRIP) -> str:
    answer = await oidc.client.get(await oidc.address(trip))
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def test_a_login_gives_the_address(oidc: Oidc, provider: Provider) -> None:
    """By code and PKCE, with a fresh login asked for."""
    assert await oidc.email(await a_code(oidc), TRIP) == "sam@acme.example"
    [asked] = provider.asked
    assert asked["code_challenge_method"] == "S256" and asked["prompt"] == "login" and asked["nonce"] == "n"
    assert "v" * 43 not in str(asked)


def but(**changes: Any) -> Callable[[Claims], Claims]:
    """The claims with these changes; None takes one away."""
    return lambda claims: {k: v for k, v in {**claims, **changes}.items() if v is not None}


@pytest.mark.parametrize(
    "lie",
    [
        but(nonce="another"),
        but(nonce=None),
        but(iss="https://evil.example"),
        but(aud="another-app"),
        but(aud=[CLIENT, "another"], azp="another"),
        but(exp=1_000_000_000),
        but(exp=None),
        but(auth_time=1_000_000_000),
        but(auth_time=None),
        but(email_verified=False),
        but(email_verified=None),
        but(email=None),
        but(sub=None),
    ],
    ids=lambda lie: str(lie.__closure__[0].cell_contents),
)
async def test_a_claim_that_does_not_hold_is_refused(oidc: Oidc, provider: Provider, lie: Any) -> None:
    provider.lie = lie
    with pytest.raises(OidcRefused):
        await oidc.email(await a_code(oidc), TRIP)


def _none(claims: Claims) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in ({"alg": "none"}, claims)]
    return b".".join([*parts, b""]).decode()


@pytest.mark.parametrize(
    "how", ["none", "shared secret", "public key as secret", "another key", "unknown key", "no token"]
)
async def test_a_signature_that_proves_nothing_is_refused(oidc: Oidc, provider: Provider, how: str) -> None:
    import jwt
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def confused(claims: Claims) -> str:
        """HS256 under the bytes of the public key, which everybody has."""
        raw = provider.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        head, body = jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": "k1"}).split(".")[:2]
        import hashlib
        import hmac

        mac = hmac.new(raw, f"{head}.{body}".encode(), hashlib.sha256).digest()
        return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    ways: dict[str, Callable[[Claims], str]] = {
        "none": _none,
        "shared secret": lambda claims: provider.signed(claims, SECRET * 4, "HS256"),
        "public key as secret": confused,
        "another key": lambda claims: provider.signed(claims, a_key()),
        "unknown key": lambda claims: provider.signed(claims, a_key(), kid="k2"),
        "no token": lambda _claims: "not.a.token",
    }
    provider.sign = ways[how]
    with pytest.raises(OidcRefused):
        await oidc.email(await a_code(oidc), TRIP)


async def test_a_code_of_another_attempt_is_refused(oidc: Oidc) -> None:
    """Its verifier and its nonce are of that attempt; and no code works twice."""
    other = Trip(state="s2", nonce="n2", verifier="w" * 43, redirect=TRIP.redirect)
    with pytest.raises(OidcRefused, match="refuses"):
        await oidc.email(await a_code(oidc, other), TRIP)
    code = await a_code(oidc)
    await oidc.email(code, TRIP)
    with pytest.raises(OidcRefused, match="refuses"):
        await oidc.email(code, TRIP)


@pytest.mark.parametrize(
    "described", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": 7}]
)
async def test_a_provider_that_describes_itself_wrongly_is_not_asked(
    oidc: Oidc, provider: Provider, described: Claims
) -> None:
    provider.described = described
    with pytest.raises(OidcRefused):
        await oidc.address(TRIP)


async def test_how_somebody_logged_in_can_be_demanded(oidc: Oidc, provider: Provider) -> None:
    oidc.acr = "phishing-resistant"
    with pytest.raises(OidcRefused, match="the way this takes"):
        await oidc.email(await a_code(oidc), TRIP)
    provider.lie = but(acr="phishing-resistant")
    assert await oidc.email(await a_code(oidc), TRIP) == "sam@acme.example"
    assert provider.asked[-1]["acr_values"] == "phishing-resistant"


async def test_a_new_key_is_fetched(oidc: Oidc, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    await oidc.email(await a_code(oidc), TRIP)
    monkeypatch.setattr("bot.factors.oidc.BETWEEN", 0.0)
    provider.key = a_key()
    provider.sign = provider.signed
    with pytest.raises(OidcRefused):  # the same name for another key is not believed before the old is forgotten
        await oidc.email(await a_code(oidc), TRIP)
    oidc._keys = None
    assert await oidc.email(await a_code(oidc), TRIP) == "sam@acme.example"
