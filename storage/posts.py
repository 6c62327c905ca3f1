"""Which Slack message of ours shows what. A change marks the post as behind, in the same transaction."""

import json
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from storage.clock import FURTHEST, now
from storage.db import Tx
from storage.errors import LostRace
from storage.ids import new_id
from storage.inserts import changing_in
from storage.picking import known
from storage.plain import Plain, parsed
from storage.post_claims import FIELDS, claim_of
from storage.records import JsonObject, Post, PostKind, ProposalState
from storage.tables import posts, proposals
from storage.tables.columns import spelled

WAKE = "posts"
WAKE_SESSIONS = "sessions"
_FREE: dict[str, Any] = {"owner": None, "lease_until": None}


def record(row: sa.Row[Any]) -> Post:
    values = {name: row._mapping[name] for name in Post.__dataclass_fields__}
    return Post(**{**values, "kind": PostKind(row.kind)})


_BY_SUBJECT = sa.and_(posts.c.tenant == sa.bindparam("of"), posts.c.subject == sa.bindparam("shows"))
_ONE_MORE: dict[str, Any] = {"wanted": posts.c.wanted + 1, "due_at": now()}
_SHOWING = Plain(
    sa.select(*(posts.c[name] for name in FIELDS)).where(_BY_SUBJECT, known(posts.c.kind, PostKind)), ("of", "shows")
)
_KIND = "kind", "subject", "channel", "thread_ts", "body", "ts", "task_id"


@cache
def _want_of(*, again: bool) -> Plain:
    """The statement that wants one subject shown; `again`: one that is shown already gets the new body as well."""

    def made(engine: str) -> Any:
        row = {name: sa.bindparam(name, type_=posts.c[name].type) for name in ("id", "tenant", *_KIND)}
        new = {"wanted": 1, "shown": 0, "sending": sa.false(), "attempt": 0, "due_at": now(), "created_at": now()}
        changed = _ONE_MORE | ({"body": row["body"]} if again else {})
        return changing_in(engine, posts, row | new, key=("tenant", "kind", "subject", "channel"), again=changed)

    return Plain(made, ("id", "tenant", *_KIND))


_DRAWN = posts.c.kind.in_([spelled(kind) for kind in PostKind if kind is not PostKind.STREAM])
_REFRESH = Plain(posts.update().where(_BY_SUBJECT, _DRAWN).values(_ONE_MORE), ("of", "shows"))
_REFRESH_AT = Plain(
    posts.update()
    .where(
        posts.c.tenant == sa.bindparam("of"),
        posts.c.ts == sa.bindparam("at"),
        posts.c.channel == sa.bindparam("in_"),
        posts.c.kind == PostKind.CARD,
    )
    .values(_ONE_MORE | {"shown": 0}),
    ("of", "at", "in_"),
)


_SENT = Plain(
    posts.update()
    .where(posts.c.id == sa.bindparam("id_"), posts.c.owner == sa.bindparam("me"))
    .values(
        ts=sa.bindparam("ts_", type_=sa.Text),
        shown=sa.bindparam("shown_", type_=sa.Integer),
        sending=sa.false(),
        attempt=0,
        owner=None,
        lease_until=None,
    )
    .returning(posts.c.wanted),
    ("id_", "me", "ts_", "shown_"),
)


async def want(
    tx: Tx,
    *,
    tenant: str,
    kind: PostKind,
    subject: str,
    channel: str,
    thread_ts: str = "",
    task_id: str | None = None,
    body: JsonObject | None = None,
    ts: str | None = None,
) -> None:
    """Ask that `subject` be shown in `channel`: posted when it is not yet, brought up to date when it is.

    `ts`: the message that is to show it, when there is one already.
    """
    row = {
        "id": new_id("p"),
        "tenant": tenant,
        "task_id": task_id,
        "kind": kind,
        "subject": subject,
        "channel": channel,
        "thread_ts": thread_ts,
        "body": json.dumps(body or {}),
        "ts": ts,
    }
    await _want_of(again=body is not None).run(tx, row)
    tx.hint(WAKE_SESSIONS if kind is PostKind.SESSION else WAKE)


async def want_session(tx: Tx, tenant: str, channel: str, thread_ts: str) -> None:
    """Ask that Slack be told how the work in this thread stands."""
    subject = f"session:{channel}:{thread_ts}"
    await want(tx, tenant=tenant, kind=PostKind.SESSION, subject=subject, channel=channel, thread_ts=thread_ts)


async def refresh(tx: Tx, tenant: str, subject: str) -> None:
    """Ask that every message showing `subject` be brought up to date."""
    await _REFRESH.run(tx, {"of": tenant, "shows": subject})
    tx.hint(WAKE)


async def refresh_waiting(tx: Tx, tenant: str) -> None:
    """Ask that the cards of every call that waits for people, or was approved and has not begun, be drawn again."""
    waiting = sa.select(proposals.c.id).where(
        proposals.c.tenant == tenant, proposals.c.state.in_((ProposalState.OPEN, ProposalState.APPROVED))
    )
    await tx.run(
        posts.update()
        .where(posts.c.tenant == tenant, posts.c.kind == PostKind.CARD, posts.c.subject.in_(waiting.scalar_subquery()))
        .values(wanted=posts.c.wanted + 1, due_at=now())
    )
    tx.hint(WAKE)


async def refresh_at(tx: Tx, tenant: str, channels: Collection[str], ts: str) -> None:
    """Ask that one message be sent again, even if we think it is up to date; its channel is one of these."""
    for channel in channels:
        await _REFRESH_AT.run(tx, {"of": tenant, "at": ts, "in_": channel})
    tx.hint(WAKE)


async def readdress(tx: Tx, tenant: str, subject: str, new_subject: str) -> None:
    """Let the messages that show `subject` show `new_subject` instead: same message, updated in place."""
    await tx.run(
        posts.update()
        .where(posts.c.tenant == tenant, posts.c.subject == subject, posts.c.kind == PostKind.CARD)
        .values(subject=new_subject, wanted=posts.c.wanted + 1, due_at=now())
    )
    tx.hint(WAKE)


def _post(row: Sequence[Any]) -> Post:
    """As `record`, of a row that the driver gave."""
    values = dict(zip(FIELDS, row, strict=True))
    kind, body = PostKind(values["kind"]), parsed(values["body"])
    return Post(**{**values, "kind": kind, "body": body, "sending": bool(values["sending"])})


async def claim(
    tx: Tx, *, owner: str, lease: float, limit: int, sessions: bool = False, cards: bool = False
) -> list[Post]:
    """Lease posts that are behind, each to one sender: messages, of them only shown `cards`, or threads' `sessions`."""
    values = {"me": owner, "lease_": lease, "most_": limit}
    return [_post(row) for row in await claim_of(sessions=sessions, cards=cards).run(tx, values)]


async def about_to_send(tx: Tx, post: Post, *, owner: str, lease: float) -> None:
    """Note that a first send begins: whoever finds this note later looks for the message before sending again.

    The lease counts from now: nobody looks before it is over.

    Raises:
        LostRace: another sender has this post now.
    """
    await _by_owner(tx, post, owner, sending=True, lease_until=now() + lease)


async def sent(tx: Tx, post: Post, ts: str | None, *, owner: str) -> bool:
    """Note which message it is and that it shows what was wanted when `post` was claimed; whether it shows the newest.

    Raises:
        LostRace: another sender has this post now.
    """
    rows = await _SENT.run(tx, {"ts_": ts, "shown_": post.wanted, "id_": post.id, "me": owner})
    if not rows:
        raise LostRace("post", post.id)
    return int(rows[0][0]) <= post.wanted


async def put_off(tx: Tx, post: Post, delay: float, *, owner: str) -> None:
    """Release a post whose send failed, to be tried again in `delay` seconds.

    Raises:
        LostRace: another sender has this post now.
    """
    # What was wanted meanwhile is due at once: somebody pressed a button, and an old error says nothing of that.
    due = sa.case((posts.c.wanted > post.wanted, posts.c.due_at), else_=now() + min(delay, FURTHEST))
    await _by_owner(tx, post, owner, due_at=due, **_FREE)


async def give_up(tx: Tx, post: Post, why: str, *, owner: str) -> None:
    """Stop trying: the channel is gone or the bot was removed.

    Raises:
        LostRace: another sender has this post now.
    """
    body: JsonObject = {**post.body, "gave_up": why}
    await _by_owner(tx, post, owner, shown=posts.c.wanted, sending=False, body=body, **_FREE)


async def give_up_all(tx: Tx, tenant: str) -> None:
    """Nothing can be said in this workspace any more."""
    behind = sa.and_(posts.c.tenant == tenant, posts.c.shown < posts.c.wanted)
    await tx.run(posts.update().where(behind).values(shown=posts.c.wanted, sending=False))


async def keep(tx: Tx, post: Post, **values: str) -> None:
    """Remember something about this message beside what it was asked to show."""
    body: JsonObject = {**post.body, **values}
    await tx.run(posts.update().where(posts.c.id == post.id).values(body=body))


async def hold(tx: Tx, *, owner: str, ids: Collection[str], lease: float) -> set[str]:
    """Extend this sender's leases by heartbeat; the ids that are still its own."""
    rows = await tx.run(
        posts.update()
        .where(posts.c.id.in_(ids), posts.c.owner == owner)
        .values(lease_until=now() + lease)
        .returning(posts.c.id)
    )
    return {row.id for row in rows}


async def take_back(tx: Tx) -> None:
    """Free every post of dead senders: for the one process on SQLite when it starts."""
    await tx.run(posts.update().where(posts.c.owner.is_not(None)).values(**_FREE))
    tx.hint(WAKE)


async def _by_owner(tx: Tx, post: Post, mine: str, /, **columns: Any) -> None:
    done = await tx.run(posts.update().where(posts.c.id == post.id, posts.c.owner == mine).values(columns))
    if not done.rowcount:
        raise LostRace("post", post.id)


async def showing(tx: Tx, tenant: str, subject: str) -> list[Post]:
    """Every message that shows `subject`."""
    return [_post(row) for row in await _SHOWING.run(tx, {"of": tenant, "shows": subject})]


async def cards_in(tx: Tx, tenant: str, channel: str) -> set[str]:
    """The subjects of the newest cards that stand in a channel."""
    here = (posts.c.tenant == tenant, posts.c.channel == channel, posts.c.kind == PostKind.CARD)
    query = sa.select(posts.c.subject).where(*here).order_by(posts.c.created_at.desc())
    return {row.subject for row in await tx.run(query.limit(2_000))}


async def carries(tx: Tx, tenant: str, channels: Collection[str], ts: str, subjects: Collection[str]) -> bool:
    """Whether this message of one of these channels is our card of one of these; or may be, while one is being sent."""
    this = sa.or_(posts.c.ts == ts, sa.and_(posts.c.ts.is_(None), posts.c.sending))
    query = sa.select(posts.c.id).where(
        posts.c.tenant == tenant,
        posts.c.kind == PostKind.CARD,
        posts.c.channel.in_(channels),
        posts.c.subject.in_(subjects),
        this,
    )
    return (await tx.run(query.limit(1))).first() is not None


async def at(tx: Tx, tenant: str, channel: str, ts: str) -> Post | None:
    """Our post that is this message, or None."""
    row = (
        await tx.run(sa.select(posts).where(posts.c.tenant == tenant, posts.c.channel == channel, posts.c.ts == ts))
    ).first()
    return None if row is None else record(row)
