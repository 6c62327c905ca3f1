"""Everything that was sent and received, in order: what a test asks when it wants to know what really happened."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.demo.slack.wire import Json

SECRETS = frozenset({"token", "access_token", "refresh_token", "client_secret", "code"})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One request or delivery and its answer."""

    seq: int
    at: float
    kind: str
    """api, event, interactive, slash_commands, response_url, socket or fault."""
    name: str
    """The method, the event's type, or what happened to a connection."""
    body: Json
    answer: Json
    status: int = 200


class Traffic:
    """The log in memory, and in a JSONL file when one is named."""

    def __init__(self, now: Callable[[], float], *, path: Path | None = None, keep: int = 20_000) -> None:
        self._now = now
        self._path = path
        self._keep = keep
        self._seq = 0
        self.on_entry: Callable[[], None] = lambda: None
        """Called after every entry, so that waiting tests look again."""
        self.entries: list[Entry] = []

    def add(self, kind: str, name: str, body: Json, answer: Json | None = None, *, status: int = 200) -> Entry:
        """Write one entry; tokens are left out."""
        body = {key: value for key, value in body.items() if key not in SECRETS}
        answer = {key: value for key, value in (answer or {}).items() if key not in SECRETS}
        self._seq += 1
        entry = Entry(
            seq=self._seq, at=self._now(), kind=kind, name=name, body=body, answer=answer or {}, status=status
        )
        self.entries.append(entry)
        if len(self.entries) > self._keep:
            del self.entries[: self._keep // 10]
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry), ensure_ascii=False, default=str) + "\n")
        self.on_entry()
        return entry

    def find(self, *, kind: str | None = None, name: str | None = None, since: int = 0) -> list[Entry]:
        """The entries of one kind and name, oldest first."""
        return [
            entry
            for entry in self.entries
            if entry.seq > since and kind in (None, entry.kind) and name in (None, entry.name)
        ]

    def calls(self, method: str) -> list[Entry]:
        """Every call of one Web API method, refused ones too."""
        return self.find(kind="api", name=method)

    def clear(self) -> None:
        self.entries.clear()
