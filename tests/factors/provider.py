"""An OpenID Connect provider on loopback that can lie in every way a test asks for."""

import base64
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.console.serve import serving

CLIENT, SECRET = "autopilot", "made-up client secret"
Claims = dict[str, Any]


def a_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Logs `email` in without asking. `lie` changes the claims, `sign` makes the token another way."""

    key: rsa.RSAPrivateKey = field(default_factory=a_key)
    email: str = "sam@acme.example"
    issuer: str = ""
    lie: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims], str] | None = None
    described: Claims = field(default_factory=dict)
    refuse: bool = False
    asked: list[Claims] = field(default_factory=list)
    codes: dict[str, Claims] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._describe),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._keys),
            ]
        )
        async with serving(app, 0) as url:
            self.issuer = url
            yield url

    def signed(self, claims: Claims, key: Any = None, algorithm: str = "RS256", kid: str = "k1") -> str:
        return jwt.encode(claims, self.key if key is None else key, algorithm=algorithm, headers={"kid": kid})

    async def _describe(self, _request: Request) -> Response:
        own = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        urls = {name: f"{self.issuer}/{path}" for name, path in own.items()}
        return JSONResponse({"issuer": self.issuer, **urls, **self.described})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        back: Claims = {"state": asked["state"], "error": "access_denied"}
        if not self.refuse:
            code = f"code-{len(self.asked)}"
            self.codes[code] = asked
            back = {"state": asked["state"], "code": code}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}")

    async def _token(self, request: Request) -> Response:
        from urllib.parse import parse_qsl

        sent = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(sent.get("code", ""), None)  # a code works once
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        fits = asked is not None and challenge.rstrip(b"=").decode() == asked["code_challenge"]
        same = fits and asked is not None and sent["redirect_uri"] == asked["redirect_uri"]
        if asked is None or not same or sent["client_secret"] != SECRET:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = time.time()
        claims = self.lie(
            {
                "iss": self.issuer,
                "aud": CLIENT,
                "sub": "person-1",
                "iat": now,
                "exp": now + 300,
                "auth_time": now,
                "nonce": asked["nonce"],
                "email": self.email,
                "email_verified": True,
            }
        )
        token = self.sign(claims) if self.sign is not None else self.signed(claims)
        return JSONResponse({"id_token": token, "access_token": "x", "token_type": "Bearer"})

    async def _keys(self, _request: Request) -> Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return JSONResponse({"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]})
