"""Documents with planted secrets, made from a seed: what redaction is measured on. None is a real secret.

Every document says what was planted in it and where, and half of them hold only look-alikes: hashes, ids, versions,
private addresses, words that follow "password:" in prose.
"""

import json
import random
import string
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from policy.redaction_validators import is_card, is_iban

_ALNUM: Final = string.ascii_letters + string.digits
_HEX: Final = "0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text, its kind of secret ("" for look-alikes), its shape, and the stretches that must not be seen."""

    text: str
    kind: str
    shape: str
    planted: tuple[str, ...]


def corpus(seed: int, count: int) -> Iterator[Document]:
    """`count` documents, the same for the same seed."""
    # Not for cryptography: a report that cannot be repeated proves nothing.
    dice = random.Random(seed)  # noqa: S311
    kinds, lookalikes, shapes = sorted(_SECRETS), sorted(_LOOKALIKES), sorted(_SHAPES)
    for number in range(count):
        shape = dice.choice(shapes)
        if number % 2:
            name = dice.choice(lookalikes)
            yield Document(text=_SHAPES[shape](dice, "id", _LOOKALIKES[name](dice)), kind="", shape=shape, planted=())
            continue
        kind = dice.choice(kinds)
        field, whole, secret = _SECRETS[kind](dice)
        text = _SHAPES[shape](dice, field, whole)
        shown = b64encode(_config(field, whole).encode()).decode() if shape == "base64" else secret
        yield Document(text=text, kind=kind, shape=shape, planted=(shown,))


def _some(dice: random.Random, alphabet: str, length: int) -> str:
    return "".join(dice.choice(alphabet) for _ in range(length))


def _mixed(dice: random.Random, length: int) -> str:
    """Letters and digits as generated keys have them: never a word, never a number."""
    while True:
        made = _some(dice, _ALNUM, length)
        if sum(one.isdigit() for one in made) >= 3 and not made.isdigit():
            return made


def _password(dice: random.Random) -> str:
    return _mixed(dice, dice.randint(9, 18)) + dice.choice("!$%#@*")


def _iban(dice: random.Random) -> str:
    body = _some(dice, string.digits, 18)
    for check in range(2, 99):
        if is_iban(made := f"DE{check:02d}{body}"):
            return made
    raise AssertionError("one of the check digits always fits")


def _card(dice: random.Random) -> str:
    stem = "4" + _some(dice, string.digits, 14)
    return next(stem + last for last in string.digits if is_card(stem + last))


def _public_ip(dice: random.Random) -> str:
    return f"{dice.choice((34, 52, 81, 91, 141))}.{dice.randint(1, 254)}.{dice.randint(1, 254)}.{dice.randint(1, 254)}"


def _jwt(dice: random.Random) -> str:
    return "ey" + ".".join(("J" + _mixed(dice, 24), "eyJ" + _mixed(dice, 40), _mixed(dice, 43)))


def _pem(dice: random.Random) -> str:
    lines = "\n".join(_some(dice, _ALNUM + "+/", 64) for _ in range(4))
    return f"-----BEGIN RSA PRIVATE{' '}KEY-----\n{lines}\n-----END RSA PRIVATE{' '}KEY-----"


Planted = tuple[str, str, str]
"""name of its field, what stands there, and the part that must not be seen"""


def _plain(field: str, make: Callable[[random.Random], str]) -> Callable[[random.Random], Planted]:
    def planted(dice: random.Random) -> Planted:
        made = make(dice)
        return field, made, made

    return planted


def _inside(field: str, before: str, make: Callable[[random.Random], str], after: str) -> Callable[..., Planted]:
    def planted(dice: random.Random) -> Planted:
        made = make(dice)
        return field, f"{before}{made}{after}", made

    return planted


_NAMES: Final = ("jo.doe", "m.okafor", "sam_lee", "r-patel")

_SECRETS: Final[dict[str, Callable[[random.Random], Planted]]] = {
    "aws key": _plain("aws_access_key_id", lambda d: "AKIA" + _some(d, string.ascii_uppercase + string.digits, 16)),
    "aws secret": _plain("aws_secret_access_key", lambda d: _mixed(d, 40)),
    "github token": _plain("note", lambda d: "ghp_" + _mixed(d, 36)),
    "gitlab token": _plain("note", lambda d: "glpat-" + _mixed(d, 20)),
    "slack token": _plain("note", lambda d: f"xoxb-{_some(d, string.digits, 12)}-{_mixed(d, 24)}"),
    "model key": _plain("note", lambda d: "sk-proj-" + _mixed(d, 40)),
    "payment key": _plain("note", lambda d: "sk_live_" + _mixed(d, 24)),
    "jwt": _plain("note", _jwt),
    "private key": _plain("pem", _pem),
    "password": _plain("db_password", _password),
    "api key": _plain("api_key", lambda d: _mixed(d, 32)),
    "bearer": _inside("authorization", "Bearer ", lambda d: _mixed(d, 40), ""),
    "database url": _inside("dsn", "postgres://app:", lambda d: _mixed(d, 14), "@db.internal:5432/shop"),
    "cookie": _inside("cookie", "session=", lambda d: _mixed(d, 26), "; Path=/"),
    "card": _plain("note", _card),
    "iban": _plain("note", _iban),
    "email": _plain("user", lambda d: f"{d.choice(_NAMES)}+{_some(d, _HEX, 3)}@mail.example.com"),
    "phone": _plain("phone", lambda d: f"+49 170 {_some(d, '23456789', 7)}"),
    "public ip": _plain("client", _public_ip),
}

_LOOKALIKES: Final[dict[str, Callable[[random.Random], str]]] = {
    "git hash": lambda d: _some(d, _HEX, 40),
    "uuid": lambda d: "-".join(_some(d, _HEX, n) for n in (8, 4, 4, 4, 12)),
    "image digest": lambda d: "sha256:" + _some(d, _HEX, 64),
    "version": lambda d: f"v{d.randint(1, 9)}.{d.randint(0, 30)}.{d.randint(0, 99)}-rc{d.randint(1, 9)}",
    "pod": lambda d: f"checkout-{_some(d, _HEX, 10)}-{_some(d, string.ascii_lowercase, 5)}",
    "private address": lambda d: f"10.{d.randint(0, 255)}.{d.randint(0, 255)}.{d.randint(1, 254)}:8080",
    "epoch": lambda d: str(1_760_000_000_000 + d.randint(0, 10**9)),
    "order": lambda d: f"ORD-{_some(d, string.digits, 9)}",
    "prose": lambda d: d.choice(
        ("the password is wrong", "token expired, please log in", "secret not found in vault", "password: required")
    ),
    "reference": lambda d: d.choice(("password: ${DB_PASSWORD}", "token=<redacted>", "api_key: {{ vault.key }}")),
    "path": lambda d: f"/srv/app/releases/{d.randint(20240101, 20261231)}/bin/worker",
    "duration": lambda d: f"took {d.randint(1, 9999)}.{d.randint(0, 999)} ms",
}


def _log_line(dice: random.Random, field: str, value: str) -> str:
    return f"2026-11-{dice.randint(1, 30):02d}T1{dice.randint(0, 9)}:02:03Z ERROR checkout {field}={value} status=500"


def _json(dice: random.Random, field: str, value: str) -> str:
    return json.dumps({"level": "error", "request": {"id": dice.randint(1, 999), field: value}, "ok": False})


def _traceback(dice: random.Random, field: str, value: str) -> str:
    return (
        'Traceback (most recent call last):\n  File "/srv/app/pay.py", line '
        f"{dice.randint(10, 400)}, in charge\n    client.send(order)\nValueError: bad configuration: {field}: {value}\n"
    )


def _url(dice: random.Random, field: str, value: str) -> str:
    return f"GET https://pay.internal/v1/charge?order={dice.randint(1, 9999)}&{field}={value}&try=2 -> 502"


def _config(field: str, value: str) -> str:
    return f"[service]\nname = checkout\n{field} = {value}\n"


def _env(dice: random.Random, field: str, value: str) -> str:
    return f"export REGION=eu-{dice.randint(1, 3)}\nexport {field.upper()}='{value}'\nexport DEBUG=false\n"


def _chat(dice: random.Random, field: str, value: str) -> str:
    return f"{dice.choice(('hi', 'hello', 'hey'))}, I put {field}: {value} there, can you have a look?"


def _base64(dice: random.Random, field: str, value: str) -> str:
    return f"data:\n  config: {b64encode(_config(field, value).encode()).decode()}\n"


_SHAPES: Final[dict[str, Callable[[random.Random, str, str], str]]] = {
    "log line": _log_line,
    "json": _json,
    "traceback": _traceback,
    "url": _url,
    "configuration": lambda _dice, field, value: _config(field, value),
    "environment": _env,
    "chat": _chat,
    "base64": _base64,
}
