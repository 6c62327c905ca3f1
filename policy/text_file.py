"""The text of a policy file: of a size that people can have read."""

from pathlib import Path
from typing import Final

from policy.errors import PolicyError

LARGEST: Final = 1_000_000
"""bytes; the largest rule lists that are published hold a fifth of it"""


def read_text(file: Path) -> str:
    """The file's text.

    Raises:
        PolicyError: it is larger than anybody reads, or not UTF-8.
        OSError: it cannot be read.
    """
    if (size := file.stat().st_size) > LARGEST:
        raise PolicyError(f"holds {size:,} bytes, more than {LARGEST:,}", todo="is it the right file?", file=file)
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PolicyError("is not UTF-8", todo="save it as UTF-8", file=file) from None
