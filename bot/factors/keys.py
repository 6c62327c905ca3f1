"""What is made from the keys of the environment: signatures of links, and secrets shut for the database.

The first key signs and shuts. Those behind it only read, so that one key can follow another without anybody losing
a link or an enrolment.
"""

import base64
import functools
import hashlib
import hmac
import secrets
from collections.abc import Iterator

SHORTEST = 32
"""characters of a key; what 'autopilot approvers key' prints has more"""


class WrongKey(Exception):
    """What was shut with none of these keys, or for somebody else, does not open."""


class Keys:
    """Signs and shuts. Each use has a key of its own, so that no signature is good for two things."""

    def __init__(self, text: str) -> None:
        self._roots = split(text)

    def __repr__(self) -> str:
        return "Keys(…)"

    def sign(self, use: str, *parts: str) -> str:
        """The signature of these parts in this order, for this use only."""
        return next(self.signatures(use, *parts))

    def signatures(self, use: str, *parts: str) -> Iterator[str]:
        """The same by each key, the first key's first."""
        text = b"".join(f"{len(part.encode())}:".encode() + part.encode() for part in parts)
        for root in self._roots:
            yield _plain(hmac.new(_derived(root, use), text, hashlib.sha256).digest())

    def each(self) -> "Iterator[Keys]":
        """Each key alone, for what one of them began."""
        return map(Keys, self._roots)

    def shut(self, secret: str, *owner: str) -> str:
        """The secret as ciphertext that opens for this owner only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        sealer = AESGCM(_derived(self._roots[0], "secrets"))
        return _plain(nonce + sealer.encrypt(nonce, secret.encode(), _owner(owner)))

    def opened(self, ciphertext: str, *owner: str) -> str:
        """The secret.

        Raises:
            WrongKey: it was shut with another key or for another owner, or altered.
        """
        return self._opened(ciphertext, owner)[0]

    def is_newest(self, ciphertext: str, *owner: str) -> bool:
        """Whether the first key opens it; else it has to be shut anew before the older keys can go.

        Raises:
            WrongKey: no key opens it.
        """
        return self._opened(ciphertext, owner)[1] == 0

    def _opened(self, ciphertext: str, owner: tuple[str, ...]) -> tuple[str, int]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        for place, root in enumerate(self._roots):
            try:
                raw = base64.urlsafe_b64decode(ciphertext + "=" * (-len(ciphertext) % 4))
                secret = AESGCM(_derived(root, "secrets")).decrypt(raw[:12], raw[12:], _owner(owner)).decode()
            except (InvalidTag, ValueError):
                continue
            return secret, place
        raise WrongKey


def split(text: str) -> list[str]:
    """The keys of the environment's variable, the newest first; one at least, however short."""
    return [part.strip() for part in text.split(",") if part.strip()] or [""]


def new_key() -> str:
    """A fresh key for the environment."""
    return secrets.token_urlsafe(48)


@functools.lru_cache(16)
def _derived(root: str, use: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"autopilot step-up {use}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(root.encode())


def _owner(owner: tuple[str, ...]) -> bytes:
    return b"".join(f"{len(part.encode())}:".encode() + part.encode() for part in owner)


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
