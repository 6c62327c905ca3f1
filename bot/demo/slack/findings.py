"""What is wrong with a tree of blocks, collected with the place of each mistake, as Slack reports it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Findings:
    errors: list[str] = field(default_factory=list)
    characters: int = 0
    action_ids: set[str] = field(default_factory=set)
    """Those of the block being read: they must differ within one block."""

    def begin_block(self) -> None:
        self.action_ids = set()

    def add(self, at: str, message: str) -> None:
        self.errors.append(f"[ERROR] {message} [json-pointer:{at}]")

    def text(self, value: object, at: str, *, most: int, count: bool = True) -> None:
        """A required string of 1 to `most` characters."""
        if not isinstance(value, str):
            return self.add(at, "missing required field" if value is None else "must be a string")
        if not value:
            self.add(at, "must be more than 0 characters")
        if len(value) > most:
            self.add(at, f"must be less than {most + 1} characters")
        if count:
            self.characters += len(value)
        return None

    def text_object(self, value: object, at: str, *, most: int, plain: bool = False) -> None:
        """A required text object; `plain` refuses mrkdwn."""
        if not isinstance(value, dict):
            return self.add(at, "missing required field" if value is None else "must be a text object")
        allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if value.get("type") not in allowed:
            self.add(f"{at}/type", f"must be {' or '.join(allowed)}")
        return self.text(value.get("text"), f"{at}/text", most=most)

    def array(self, value: object, at: str, *, most: int, least: int = 0) -> list[Any]:
        """The items, to be looked at one by one."""
        if value is None and least == 0:
            return []
        if not isinstance(value, list):
            self.add(at, "missing required field" if value is None else "must be an array")
            return []
        if len(value) > most:
            self.add(at, f"no more than {most} items allowed")
        if len(value) < least:
            self.add(at, f"no fewer than {least} items allowed")
        return value
