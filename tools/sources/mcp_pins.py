"""What a person saw of a server's tools and agreed to: each tool's whole definition under the hash of its content."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from storage.canonical import canonical, digest
from tools.contract import JsonObject
from tools.sources.errors import SourceError


class _Pin(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    hash: str
    definition: dict[str, JsonValue]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    server: str
    tools: dict[str, _Pin]


@dataclass(frozen=True, kw_only=True)
class Pins:
    """The definitions that were agreed to, by name."""

    server: str
    tools: Mapping[str, JsonObject] = field(default_factory=dict)

    def changes(self, now: "Pins") -> list[tuple[str, str]]:
        """(tool, new | changed | gone), by name."""
        found = [(name, "new") for name in now.tools if name not in self.tools]
        found += [(name, "gone") for name in self.tools if name not in now.tools]
        both = [name for name in now.tools if name in self.tools]
        found += [(name, "changed") for name in both if hash_of(now.tools[name]) != hash_of(self.tools[name])]
        return sorted(found)

    def written(self) -> str:
        """The lock file's text."""
        tools = {name: {"hash": hash_of(what), "definition": what} for name, what in sorted(self.tools.items())}
        return json.dumps({"server": self.server, "tools": tools}, indent=2, ensure_ascii=False) + "\n"


def hash_of(definition: JsonObject) -> str:
    """One value for everything the server says about a tool: name, description, schemas, hints."""
    return digest(canonical(definition))


def lock_of(manifest: Path) -> Path:
    """Where a manifest's pins are kept: beside it."""
    return manifest.with_suffix(".lock.json")


def read_pins(manifest: Path) -> Pins | None:
    """What was agreed to; None when nothing was yet.

    Raises:
        SourceError: the lock file is damaged, or was changed by hand.
    """
    path = lock_of(manifest)
    again = f"look at it, then write it anew with 'autopilot tools pin {manifest}'"
    try:
        file = _File.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise SourceError(str(path), "file", f"is no lock file ({type(error).__name__}); {again}") from None
    for name, pin in file.tools.items():
        if hash_of(pin.definition) != pin.hash:
            raise SourceError(str(path), name, f"was changed after it was pinned; {again}")
    return Pins(server=file.server, tools={name: pin.definition for name, pin in file.tools.items()})


def pins_of(server: str, definitions: Iterable[JsonObject]) -> Pins:
    return Pins(server=server, tools={str(one["name"]): one for one in definitions})
