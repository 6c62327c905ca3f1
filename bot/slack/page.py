"""What one Slack message of a streamed answer holds: text, task cards and a plan title, in the order they came."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.brains.base import JsonObject
from bot.slack.fences import Scan
from bot.slack.splitting import size

MOST_PARTS = 40
"""Runs of text and cards in one message; Slack takes 50 blocks and the caller adds some at the end."""
_SUMMARY = 300
_MARKS = {"pending": ":white_circle:", "in_progress": ":hourglass_flowing_sand:", "complete": ":white_check_mark:"}


class Rendering(StrEnum):
    """How cards are drawn when a whole message is written at once."""

    CARDS = "cards"
    LINES = "lines"
    """for places without task cards"""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A link shown under a task card."""

    url: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Text:
    text: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One step of the work; the same id again changes it."""

    id: str
    title: str
    status: str
    """pending | in_progress | complete | error"""
    details: str = ""
    output: str = ""
    sources: tuple[Source, ...] = ()

    def changed_by(self, newer: "Card") -> "Card":
        """This card after an update: Slack appends details and output, so the first ones stay."""
        fresh = tuple(source for source in newer.sources if source not in self.sources)
        return replace(
            newer,
            details=self.details or newer.details,
            output=self.output or newer.output,
            sources=self.sources + fresh,
        )

    @property
    def open(self) -> bool:
        """Whether more is expected of it."""
        return self.status in ("pending", "in_progress")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The heading above the cards."""

    title: str


Part = Text | Card | Plan


@dataclass(kw_only=True)
class Page:
    """The content of one message. `used` counts every byte that was sent, as Slack's own limit does."""

    parts: list[Text | str] = field(default_factory=list)
    """runs of text, and ids of cards where they first came"""
    cards: dict[str, Card] = field(default_factory=dict)
    plan: str = ""
    used: int = 0
    scan: Scan = field(default_factory=Scan)
    """where the whole answer stands, not only this message"""
    lead: str = ""
    """what opens a code block again, sent before the first words of this message"""

    def take(self, parts: Iterable[Part]) -> None:
        """Add what Slack accepted."""
        for part in parts:
            self.used += self.cost(part)
            match part:
                case Text():
                    self.scan = self.scan.feed(part.text)
                    self._take_text(self.lead + part.text)
                    self.lead = ""
                case Plan():
                    self.plan = part.title
                case Card():
                    if part.id not in self.cards:
                        self.parts.append(part.id)
                    self.cards[part.id] = self.cards[part.id].changed_by(part) if part.id in self.cards else part

    def _take_text(self, text: str) -> None:
        if self.parts and isinstance(last := self.parts[-1], Text):
            self.parts[-1] = Text(text=last.text + text)
        else:
            self.parts.append(Text(text=text))

    def cost(self, part: Part) -> int:
        """Bytes this part adds."""
        return (
            size(self.lead + part.text)
            if isinstance(part, Text)
            else size(json.dumps(self.chunk(part), ensure_ascii=False))
        )

    def chunk(self, part: Part) -> JsonObject:
        """The part as chat.appendStream takes it, without what this message was already told."""
        match part:
            case Text():
                return {"type": "markdown_text", "text": part.text}
            case Plan():
                return {"type": "plan_update", "title": part.title}
            case Card():
                return _card_chunk(part, self.cards.get(part.id))

    def chunks(self, parts: Sequence[Part]) -> list[JsonObject]:
        """All of them, as one call; `parts` names no card twice."""
        chunks, lead = [], self.lead
        for part in parts:
            chunks.append(self.chunk(Text(text=lead + part.text) if isinstance(part, Text) else part))
            lead = "" if isinstance(part, Text) else lead
        return chunks

    @property
    def closing(self) -> str:
        """What ends an open code block, when this message is cut inside one."""
        return self.scan.closing if self.parts and isinstance(self.parts[-1], Text) else ""

    def next(self) -> "Page":
        """An empty page that goes on where this one ends."""
        fence = self.scan.now
        return Page(scan=self.scan, lead=fence.reopening if fence else "")

    def with_(self, parts: Iterable[Part]) -> "Page":
        """A copy that holds `parts` too."""
        page = replace(self, parts=list(self.parts), cards=dict(self.cards))
        page.take(parts)
        return page

    @property
    def open_cards(self) -> list[Card]:
        """Steps that are not finished."""
        return [card for card in self.cards.values() if card.open]

    @property
    def summary(self) -> str:
        """Plain words for the notification, without anything Slack would turn into a mention."""
        words = " ".join(part.text for part in self.parts if isinstance(part, Text)).strip()
        words = words or self.plan or "; ".join(card.title for card in self.cards.values()) or "…"
        return escape(words if len(words) <= _SUMMARY else words[: _SUMMARY - 1] + "…")

    def blocks(self, rendering: Rendering) -> list[JsonObject]:
        """The whole message as blocks, with an open code block closed."""
        blocks: list[JsonObject] = []
        if self.plan:
            blocks.append(_context(f"*{escape(self.plan)}*"))
        runs = _without_blanks([*self.parts, Text(text=self.closing)])
        for part in runs:
            if isinstance(part, Text):
                blocks.append({"type": "markdown", "text": part.text})
            elif rendering is Rendering.CARDS:
                blocks.append(_card_block(self.cards[part]))
            else:
                blocks.append(_context(_card_line(self.cards[part])))
        return blocks


def escape(text: str) -> str:
    """Text in which Slack sees no mention, link or channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_blanks(parts: Sequence[Text | str]) -> list[Text | str]:
    """Slack refuses an empty markdown block, so blank runs join their neighbour."""
    kept: list[Text | str] = []
    blank = ""
    for part in parts:
        if not isinstance(part, Text):
            kept.append(part)
        elif kept and isinstance(last := kept[-1], Text):
            kept[-1] = Text(text=last.text + blank + part.text)
            blank = ""
        elif (blank + part.text).strip():
            kept.append(Text(text=blank + part.text))
            blank = ""
        else:
            blank += part.text
    return kept


def _card_chunk(card: Card, known: Card | None) -> JsonObject:
    chunk: JsonObject = {"type": "task_update", "id": card.id, "title": card.title, "status": card.status}
    if card.details and not (known and known.details):
        chunk["details"] = card.details
    if card.output and not (known and known.output):
        chunk["output"] = card.output
    fresh = [source for source in card.sources if not (known and source in known.sources)]
    if fresh:
        chunk["sources"] = [_source(source) for source in fresh]
    return chunk


def _card_block(card: Card) -> JsonObject:
    block: JsonObject = {"type": "task_card", "task_id": card.id, "title": card.title, "status": card.status}
    if card.details:
        block["details"] = _rich(card.details)
    if card.output:
        block["output"] = _rich(card.output)
    if card.sources:
        block["sources"] = [_source(source) for source in card.sources]
    return block


def _card_line(card: Card) -> str:
    line = f"{_MARKS.get(card.status, ':x:')} {escape(card.title)}"
    if note := card.output or card.details:
        line += f" — {escape(note)}"
    return line


def _source(source: Source) -> JsonObject:
    return {"type": "url", "url": source.url, "text": source.text}


def _rich(text: str) -> JsonObject:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def _context(line: str) -> JsonObject:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": line}]}
