"""The statement by which a sender leases messages that are behind, made once for each kind of sender."""

from functools import cache

import sqlalchemy as sa

from storage.clock import come, lapsed, now
from storage.picking import known, once
from storage.plain import Plain
from storage.records import Post, PostKind
from storage.tables import posts

FIELDS = tuple(Post.__dataclass_fields__)


@cache
def claim_of(*, sessions: bool, cards: bool) -> Plain:
    """Leases what is behind: of what threads say of their work, of cards that stand, or of all messages."""
    of_cards = sa.and_(posts.c.kind == PostKind.CARD, posts.c.ts.is_not(None))
    others = [kind for kind in PostKind if kind not in (PostKind.STREAM, PostKind.SESSION)]
    of_outbox = of_cards if cards else known(posts.c.kind, others)
    pick = (
        sa.select(posts.c.id)
        .where(
            posts.c.shown < posts.c.wanted,
            come(posts.c.due_at),
            posts.c.kind == PostKind.SESSION if sessions else of_outbox,
            sa.or_(posts.c.owner.is_(None), lapsed(posts.c.lease_until)),
        )
        .order_by(posts.c.due_at)
        .limit(sa.bindparam("most_"))
        .with_for_update(skip_locked=True)
    )
    me = sa.bindparam("me", type_=sa.Text)
    until = now() + sa.bindparam("lease_", type_=sa.Double)
    claimed = posts.update().where(posts.c.id.in_(once(pick)))
    claimed = claimed.values(owner=me, lease_until=until, attempt=posts.c.attempt + 1)
    return Plain(claimed.returning(*(posts.c[name] for name in FIELDS)), ("me", "lease_", "most_"))
