"""An answer that was asked for again: its messages as they were, each saying that a newer one stands below."""

from collections.abc import Sequence

from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Card
from bot.slack.folding import Fold
from bot.slack.page import Card as StepCard
from bot.slack.page import Page, Rendering, Text
from bot.slack.pending import Pending
from bot.slack.replay import Piece

_CAP = 9_000
_LAST_CAP = 11_000
"""bytes of the last message; Slack takes 13,200 characters in the blocks of one"""
_GIVEN_BY = "Replaced by the answer below"


def replaced_card(found: Sequence[Piece], *, place: int, of: int, by: str) -> Card:
    """The `place`-th (from 0) of the messages an answer stands in, drawn again from storage."""
    who = f" · {escaping.person(by)} asked again" if by else ""
    note = blocks.context(f"↻ {_GIVEN_BY}{who}")
    pages = _pages(found, of)
    page = pages[place] if place < len(pages) else Page()
    return Card(blocks=(note, *page.blocks(Rendering.LINES)), text=f"{_GIVEN_BY}. {page.summary}"[:3_000])


def _pages(found: Sequence[Piece], most: int) -> list[Page]:
    pending, behind = Pending(), 0
    for place, piece in enumerate(found):
        if piece.text and place == len(found) - 1:
            fold = Fold()
            shown = fold.feed(piece.text)
            if fold.worth_it:
                behind = len(piece.text) - len(shown)
                pending.add(Text(text=shown + fold.closing))
                continue
        if piece.text:
            pending.add(Text(text=piece.text))
        else:
            pending.add(StepCard(id=piece.step_id, title=piece.title, status=piece.status, output=piece.output[:256]))
    pages: list[Page] = []
    page = Page()
    while True:
        last = len(pages) + 1 >= most
        batch = pending.take(page, cap=_LAST_CAP if last else _CAP, last=True)
        page.take(batch.parts)
        pages.append(page)
        if last or not batch.full:
            break
        page = page.next()
    if left := len(pending.text()) + behind:
        pages[-1].take([Text(text=f"\n\n… ({left:,} more characters are in the record)")])
    return pages
