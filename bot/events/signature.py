"""Pure: signs by the Standard Webhooks scheme, so receivers can use any of its libraries.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping

from bot.events.errors import BadSecret, BadSink

_PREFIX = "whsec_"
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def checked_variable(name: str) -> str:
    """The name, when an environment variable can have it.

    Raises:
        BadSink: it cannot; a secret given in its place is not repeated.
    """
    if not _VARIABLE.fullmatch(name):
        raise BadSink("the secret is given by the NAME of an environment variable, such as 'OPS_SINK_SECRET'")
    return name


def keys_of(variable: str, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys in this variable: one, or while a secret is being changed the new and the old, with a space between.

    Raises:
        BadSecret: it is not set, or does not hold `whsec_` and 24 to 64 bytes in base64.
    """
    words = environ.get(variable, "").split()
    if not words:
        raise BadSecret(f"{variable} is not set; put the sink's secret there, 'whsec_' and 24 to 64 bytes in base64")
    return tuple(_key(variable, word) for word in words)


def _key(variable: str, word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not word.startswith(_PREFIX) or not 24 <= len(key) <= 64:
        raise BadSecret(f"{variable} does not hold 'whsec_' and 24 to 64 bytes in base64; look at docs/events.md")
    return key


def headers(keys: tuple[bytes, ...], *, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers that let a receiver check who sent this, and when."""
    signed = f"{message_id}.{at}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
