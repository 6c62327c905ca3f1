"""One byte form for one JSON value (RFC 8785), and its SHA-256. Pure."""

import hashlib
from typing import Any

import rfc8785


def canonical(value: Any) -> str:
    """The RFC 8785 text of a JSON value.

    Raises:
        ValueError: not JSON, an integer beyond 2^53, or a lone surrogate.
    """
    try:
        return rfc8785.dumps(value).decode()
    except (rfc8785.CanonicalizationError, UnicodeError, TypeError) as error:
        raise ValueError(f"this value has no canonical JSON form: {error}") from error


def digest(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, 64 hex characters."""
    return hashlib.sha256(text.encode()).hexdigest()
