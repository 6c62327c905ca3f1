"""From a post to the card that shows it now: reads storage, draws with the pure cards."""

import re
from dataclasses import dataclass, replace
from typing import Protocol

from bot.lifecycle.series import series_of
from bot.orchestrator.show import Showroom
from bot.schedules import digests
from bot.schedules.autonomy import autonomy
from bot.slack.cards import blocks, escaping
from bot.slack.cards.altered import altered_card, erased_card
from bot.slack.cards.answer import more_row
from bot.slack.cards.approval import approval_card
from bot.slack.cards.autonomy import autonomy_card
from bot.slack.cards.blocks import Card
from bot.slack.cards.consent import consent_card
from bot.slack.cards.digest import digest_card
from bot.slack.cards.picture import picture_card
from bot.slack.charts import Charts
from bot.slack.replaced import replaced_card
from bot.slack.replay import pieces
from bot.slack.series_chart import alt_text
from storage import intents, posts, proposals, steps, tasks
from storage.db import Database
from storage.records import Post, PostKind, ScheduleKind, StepKind
from tools.errors import SealBroken
from tools.registry import Registry

_PERSON = re.compile(r"(<@[UW][A-Z0-9]+>)")
_ANSWER = 11_000
"""characters of one message; Slack takes 12,000 in a markdown block"""
_MARKS = {"error": "✗ ", "warning": "! ", "info": "", "answer": ""}


class Rooms(Protocol):
    """Which channels are open to all who read another one."""

    async def readable_in(self, tenant: str, channel: str, here: str) -> bool:
        """Whether everybody who reads `here` may read `channel`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Draws posts."""

    db: Database
    showroom: Showroom
    charts: Charts
    registry: Registry
    rooms: Rooms

    async def draw(self, post: Post) -> Card | None:
        """The card of a post as storage stands now."""
        match post.kind:
            case PostKind.CARD:
                try:
                    view = await self.showroom.approval(post.tenant, post.subject)
                except SealBroken:  # a card that cannot be drawn would keep its buttons
                    moved = await self.showroom.altered(post.tenant, post.subject)
                    return erased_card(post.subject) if moved is None else altered_card(post.subject, moved)
                return approval_card(replace(view, asked=str(post.body.get("asked", ""))))
            case PostKind.NOTICE:
                return notice_card(post, await self._card_of(post))
            case PostKind.DIGEST:
                return await self._digest(post)
            case PostKind.PICTURE:
                return await self._picture(post)
            case PostKind.REPLACED:
                return await self._replaced(post)
            case PostKind.CONSENT:
                about = post.body
                return consent_card(str(about["agent"]), str(about["words"]), str(about["terms"]))
            case PostKind.STREAM | PostKind.SESSION:
                return None

    async def _picture(self, post: Post) -> Card | None:
        async with self.db.read() as tx:
            told = await steps.of_task(tx, await tasks.get(tx, post.tenant, post.task_id or ""))
        results = (s.body for s in told if s.kind is StepKind.RESULT and s.body["call_id"] == post.body.get("call"))
        content = next((body["content"] for body in results), None)
        series = series_of(content) if isinstance(content, dict) else None
        if series is None:
            return None
        return picture_card(series.name, alt_text(series), file_id=await self.charts.of_series(post, series))

    async def _replaced(self, post: Post) -> Card:
        async with self.db.read() as tx:
            told = await steps.of_task(tx, await tasks.get(tx, post.tenant, post.task_id or ""))
        place, of = int(str(post.body.get("place", 0))), int(str(post.body.get("of", 1)))
        return replaced_card(pieces(told, -1, self.registry), place=place, of=of, by=str(post.body.get("by", "")))

    async def _card_of(self, post: Post) -> str:
        """Where the card is that a notice is about, or ""."""
        about = str(post.body.get("about", ""))
        return await self.showroom.link(post.tenant, about) if about else ""

    async def _digest(self, post: Post) -> Card:
        since, until = float(str(post.body["since"])), float(str(post.body["until"]))
        weekly = post.body.get("kind") == ScheduleKind.AUTONOMY
        async with self.db.read() as tx:
            found = await proposals.recent(tx, post.tenant, since=since, limit=5_000 if weekly else 200)
            ran = await intents.recent(tx, post.tenant, since=since, limit=50_000 if weekly else 1_000)
            begun = await tasks.recent(tx, post.tenant, since=since, limit=5_000 if weekly else 500)
            waiting = await proposals.open_ones(tx, post.tenant, limit=1_000)
            here = await posts.cards_in(tx, post.tenant, post.channel)
            approvers = {
                p.id: [v.voter for v in await proposals.votes_on(tx, post.tenant, p.id) if v.approve]
                for p in found
                if not weekly  # which counts people's votes and names nobody
            }
        asked_in = digests.channels_of([*found, *waiting])
        view = digests.digest(
            title="Daily operations digest",
            since=since,
            until=until,
            tasks=begun,
            proposals=found,
            open_now=waiting,
            intents=ran,
            approvers=approvers,
            shown=here,
            readable={c for c in asked_in if await self.rooms.readable_in(post.tenant, c, post.channel)},
        )
        if not weekly:
            return digest_card(view)
        week = autonomy(view, proposals=found, intents=ran, tz=str(post.body.get("tz") or "UTC"))
        return autonomy_card(week, chart=await self.charts.of(post, week))


def notice_card(post: Post, link: str = "") -> Card:
    """One sentence of ours; people in it are named, everything else in it is literal."""
    text, kind = str(post.body.get("text", "")), str(post.body.get("kind", "info"))
    drawn = post.body.get("blocks")
    if isinstance(drawn, list):  # a message of an answer, as its writer would draw it
        return Card(blocks=tuple(block for block in drawn if isinstance(block, dict)), text=text)
    if kind == "answer":
        rest = f"\n\n… ({len(text) - _ANSWER:,} more characters are in the record)" if len(text) > _ANSWER else ""
        body: list[blocks.Block] = [{"type": "markdown", "text": text[:_ANSWER] + rest}]
        if (left := int(str(post.body.get("left", 0)))) and post.task_id:
            body.append(more_row(post.task_id, int(str(post.body.get("part", 0))), left))
        return Card(blocks=tuple(body), text=escaping.plain(text)[:3_000])
    said = _MARKS.get(kind, "") + "".join(
        part if _PERSON.fullmatch(part) or not part.strip() else escaping.says(part) for part in _PERSON.split(text)
    )
    shown = escaping.link(link, "Open the card")
    parts = [blocks.section(said[:2_500] + (f" {shown}" if shown else ""))]
    if kind in ("error", "warning"):
        parts.append(blocks.context(f"id {escaping.code(str(post.body.get('correlation_id', '')))}"))
    return Card(blocks=tuple(parts), text=escaping.plain(_PERSON.sub("somebody", text))[:3_000])
