"""Our tool names have dots; model providers allow [a-zA-Z0-9_-]{1,64}. A reversible mapping between the two."""

import hashlib
import re
from collections.abc import Iterable

_LONGEST = 64
# No part begins or ends with "_" or has "__" inside, so "__" on the wire can only be a dot.
_PART = r"[a-zA-Z0-9-]+(?:_[a-zA-Z0-9-]+)*"
_PLAIN = re.compile(rf"{_PART}(?:\.{_PART})*")
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9-]+")


def wire_name(name: str) -> str:
    """The name a provider accepts; two different tools never share one, and it is the same in every turn."""
    dotless = name.replace(".", "__")
    if _PLAIN.fullmatch(name) and len(dotless) <= _LONGEST:
        return dotless
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    # "___" never comes out of a plain name, so a digest name cannot meet one.
    return f"{_NOT_ALLOWED.sub('-', name)[:48]}___{digest}"


class ToolNames:
    """Reads back what a model called, for the tools it was offered."""

    def __init__(self, names: Iterable[str]) -> None:
        self._ours = {wire_name(name): name for name in names}

    def ours(self, wire: str) -> str:
        """Our name for it; a name that was never offered comes back readable, and the gateway refuses it."""
        return self._ours.get(wire) or wire.replace("__", ".")
