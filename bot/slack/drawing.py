"""From a post to the card that shows it now: reads storage, draws with the pure cards."""

import re
from dataclasses import dataclass

from bot.orchestrator.show import Showroom
from bot.schedules.digests import digest
from bot.slack.cards import blocks, escaping
from bot.slack.cards.approval import approval_card
from bot.slack.cards.blocks import Card
from bot.slack.cards.digest import digest_card
from storage import intents, proposals, tasks
from storage.db import Database
from storage.records import Post, PostKind

_PERSON = re.compile(r"(<@[UW][A-Z0-9]+>)")
_MARKS = {"error": "✗ ", "warning": "! ", "info": "", "answer": ""}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Draws posts."""

    db: Database
    showroom: Showroom

    async def draw(self, post: Post) -> Card | None:
        """The card of a post as storage stands now."""
        match post.kind:
            case PostKind.CARD:
                return approval_card(await self.showroom.approval(post.tenant, post.subject))
            case PostKind.NOTICE:
                return notice_card(post)
            case PostKind.DIGEST:
                return await self._digest(post)
            case PostKind.STREAM:
                return None

    async def _digest(self, post: Post) -> Card:
        since, until = float(str(post.body["since"])), float(str(post.body["until"]))
        async with self.db.read() as tx:
            found = await proposals.recent(tx, post.tenant, since=since)
            view = digest(
                title="Daily operations digest",
                since=since,
                until=until,
                tasks=await tasks.recent(tx, post.tenant, since=since, limit=500),
                proposals=found,
                open_now=await proposals.open_ones(tx, post.tenant),
                intents=await intents.recent(tx, post.tenant, since=since),
                approvers={
                    p.id: [v.voter for v in await proposals.votes_on(tx, post.tenant, p.id) if v.approve] for p in found
                },
            )
        return digest_card(view)


def notice_card(post: Post) -> Card:
    """One sentence of ours; people in it are named, everything else in it is literal."""
    text, kind = str(post.body.get("text", "")), str(post.body.get("kind", "info"))
    if kind == "answer":
        body: list[blocks.Block] = [{"type": "markdown", "text": text[:11_000]}]
        return Card(blocks=tuple(body), text=escaping.plain(text)[:3_000])
    said = _MARKS.get(kind, "") + "".join(
        part if _PERSON.fullmatch(part) or not part.strip() else escaping.says(part) for part in _PERSON.split(text)
    )
    parts = [blocks.section(said[:2_900])]
    if kind in ("error", "warning"):
        parts.append(blocks.context(f"id {escaping.code(str(post.body.get('correlation_id', '')))}"))
    return Card(blocks=tuple(parts), text=escaping.plain(_PERSON.sub("somebody", text))[:3_000])
