"""Names in statements, and statements of others as far as they may be shown."""

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

LONGEST = 63
_LITERAL = re.compile(r"""\$(\w*)\$.*?\$\1\$|[eE]?'(?:[^'\\]|''|\\.)*'?|\b\d+(?:\.\d+)?\b""", re.S)


def _storable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("holds characters that no name should have")
    return name


Name = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(_storable)]
"""a name as the catalogue spells it; it is quoted before it stands in a statement"""


def quoted(*names: str) -> str:
    """The names as one qualified identifier: nothing in them can end it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def index_name(table: str, columns: Sequence[str]) -> str:
    """The name of an index that we make: the same for the same columns, and never too long."""
    whole = "_".join([table, *columns])
    if len(whole.encode()) > LONGEST - len("_autopilot"):
        whole = f"{whole.encode()[:40].decode(errors='ignore')}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
    return f"{whole}_autopilot"


def shape(query: str | None) -> str:
    """A statement of somebody without the values in it: they may be anybody's data."""
    return " ".join(_LITERAL.sub("?", query or "").split())[:400]
