"""What is made from the one key of the environment: signatures of links, and secrets shut for the database."""

import base64
import hashlib
import hmac
import secrets

SHORTEST = 32
"""characters of a key; what 'autopilot approvers key' prints has more"""


class WrongKey(Exception):
    """What was shut with another key, or for somebody else, does not open."""


class Keys:
    """Signs and shuts. Each use has a key of its own, so that no signature is good for two things."""

    def __init__(self, text: str) -> None:
        self._root = text.encode()

    def __repr__(self) -> str:
        return "Keys(…)"

    def _of(self, use: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"autopilot step-up {use}".encode()).derive(
            self._root
        )

    def sign(self, use: str, *parts: str) -> str:
        """The signature of these parts in this order, for this use only."""
        text = b"".join(f"{len(part.encode())}:".encode() + part.encode() for part in parts)
        return _plain(hmac.new(self._of(use), text, hashlib.sha256).digest())

    def shut(self, secret: str, *owner: str) -> str:
        """The secret as ciphertext that opens for this owner only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        return _plain(nonce + AESGCM(self._of("secrets")).encrypt(nonce, secret.encode(), _owner(owner)))

    def opened(self, ciphertext: str, *owner: str) -> str:
        """The secret.

        Raises:
            WrongKey: it was shut with another key or for another owner, or altered.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = base64.urlsafe_b64decode(ciphertext + "=" * (-len(ciphertext) % 4))
            return AESGCM(self._of("secrets")).decrypt(raw[:12], raw[12:], _owner(owner)).decode()
        except (InvalidTag, ValueError):
            raise WrongKey from None


def new_key() -> str:
    """A fresh key for the environment."""
    return secrets.token_urlsafe(48)


def _owner(owner: tuple[str, ...]) -> bytes:
    return b"".join(f"{len(part.encode())}:".encode() + part.encode() for part in owner)


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
