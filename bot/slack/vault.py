"""Seals Slack's tokens for storage. The key is the environment's; a list of keys lets one follow another."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class BadKeys(Exception):
    """A key cannot be used; the message never holds it."""


class CannotOpen(Exception):
    """None of the keys opens what is stored, or it was sealed for another workspace."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Tokens:
    """What one installation speaks with. Never printed: its repr is Python's plain one."""

    bot: str
    refresh: str = ""
    """"" when the app's tokens do not expire"""


class Vault:
    """Encrypts with the first key and decrypts with any (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises: BadKeys when there is none, or one is no Fernet key."""
        from cryptography.fernet import Fernet, MultiFernet

        try:
            self._fernet: MultiFernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise BadKeys(
                "AUTOPILOT_TOKEN_KEYS needs keys of 32 bytes in URL-safe base64, separated by commas; "
                "make one with 'autopilot installs key'"
            ) from None

    def seal(self, tenant: str, tokens: Tokens) -> str:
        """What is kept; it opens for this tenant only, so a row that was copied to another opens nowhere."""
        text = json.dumps({"tenant": tenant, "bot": tokens.bot, "refresh": tokens.refresh})
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, tenant: str, sealed: str) -> Tokens:
        """Raises: CannotOpen."""
        from cryptography.fernet import InvalidToken

        try:
            found = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken:
            raise CannotOpen(
                f"no key in AUTOPILOT_TOKEN_KEYS opens the tokens of {tenant}; add the key they were sealed with, "
                "or install the app there again"
            ) from None
        if found["tenant"] != tenant:
            raise CannotOpen(f"the tokens stored for {tenant} were sealed for another workspace; install it again")
        return Tokens(bot=found["bot"], refresh=found["refresh"])

    def reseal(self, sealed: str) -> str:
        """The same under the first key.

        Raises: CannotOpen.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise CannotOpen("no key in AUTOPILOT_TOKEN_KEYS opens these tokens") from None


def new_key() -> str:
    """A key for AUTOPILOT_TOKEN_KEYS."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
