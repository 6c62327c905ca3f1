"""What was said and is not yet in Slack, in order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.slack.fences import Scan, may_become_fence
from bot.slack.page import MOST_PARTS, Card, Page, Part, Plan, Text
from bot.slack.splitting import cut, last_border, size

_CLOSING_ROOM = 24
"""Bytes kept free for the line that closes an open code block."""
_NEARLY_FULL = 0.9
"""From this share of the cap on, the next end of a sentence ends the message."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The parts of one call, and whether the page is full after them."""

    parts: tuple[Part, ...]
    full: bool


class Pending:
    """A queue that merges: neighbouring text joins, a card changes in place."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        """Say, show or change something."""
        match part:
            case Text():
                self._add_text(part.text)
            case Plan():
                self._parts = [old for old in self._parts if not isinstance(old, Plan)]
                self._parts.append(part)
            case Card():
                self._add_card(part)

    def _add_text(self, text: str) -> None:
        if not text:
            return
        if self._parts and isinstance(last := self._parts[-1], Text):
            self._parts[-1] = Text(text=last.text + text)
        else:
            self._parts.append(Text(text=text))

    def _add_card(self, card: Card) -> None:
        for place, old in enumerate(self._parts):
            if isinstance(old, Card) and old.id == card.id:
                self._parts[place] = old.changed_by(card)
                return
        self._parts.append(card)

    def put_back(self, parts: Sequence[Part]) -> None:
        """Return to the front what Slack did not accept."""
        self._rebuild([*parts, *self._parts])

    def pull_cards(self, ids: Collection[str]) -> list[Card]:
        """Take out the changes of these cards."""
        pulled = [part for part in self._parts if isinstance(part, Card) and part.id in ids]
        if pulled:
            self._rebuild([part for part in self._parts if not (isinstance(part, Card) and part.id in ids)])
        return pulled

    def has_cards(self, ids: Collection[str]) -> bool:
        """Whether a change of one of these cards waits."""
        return any(isinstance(part, Card) and part.id in ids for part in self._parts)

    def ready(self, page: Page, *, last: bool) -> bool:
        """Whether there is something worth a call; no message begins with blanks."""
        if any(not isinstance(part, Text) for part in self._parts):
            return True
        sendable = "".join(self._sendable(part, page.scan, last=last) for part in self._parts if isinstance(part, Text))
        return bool(sendable if page.parts else sendable.strip())

    def take(self, page: Page, *, cap: int, last: bool, to_border: bool = False) -> Batch:
        """As much as fits on `page`; near its end, or when asked `to_border`, up to where a sentence ends."""
        page = page.with_(())
        taken: list[Part] = []
        while self._parts:
            part = self._parts[0]
            if len(page.parts) >= MOST_PARTS:
                return Batch(parts=tuple(taken), full=True)
            if not isinstance(part, Text):
                if page.parts and page.used + page.cost(part) > cap:
                    return Batch(parts=tuple(taken), full=True)
                self._parts.pop(0)
                page.take([part])
                taken.append(part)
                continue
            text = self._sendable(part, page.scan, last=last)
            if not page.parts and not text.strip():
                if len(self._parts) == 1:
                    break
                self._parts[0], self._parts[1] = self._parts[1], part
                continue
            count = self._count(text, page, cap=cap, to_border=to_border)
            if count:
                head = Text(text=text[:count])
                page.take([head])
                taken.append(head)
                self._parts[:1] = [Text(text=part.text[count:])] if count < len(part.text) else []
            if count < len(text):
                return Batch(parts=tuple(taken), full=True)
            if count < len(part.text):
                break
        return Batch(parts=tuple(taken), full=False)

    def text(self) -> str:
        """All words still here."""
        return "".join(part.text for part in self._parts if isinstance(part, Text))

    def clear(self) -> None:
        """Forget everything."""
        self._parts = []

    def _count(self, text: str, page: Page, *, cap: int, to_border: bool) -> int:
        if to_border or page.used > cap * _NEARLY_FULL:
            border = last_border(text, page.scan)
            if border and page.used + size(text[:border]) <= cap - _CLOSING_ROOM:
                return border
        room = cap - _CLOSING_ROOM - page.used - size(page.lead)
        return cut(text, room, page.scan)

    def _sendable(self, part: Text, scan: Scan, *, last: bool) -> str:
        """The text without an unfinished line that may yet become a code fence."""
        if last or self._parts[-1] is not part:
            return part.text
        start = part.text.rfind("\n") + 1
        line = part.text[start:] if start else scan.line + part.text
        return part.text[:start] if may_become_fence(line) else part.text

    def _rebuild(self, parts: Sequence[Part]) -> None:
        self._parts = []
        for part in parts:
            self.add(part)
