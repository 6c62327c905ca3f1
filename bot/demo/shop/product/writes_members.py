"""Writes on one member: sessions, notifications, a reset link, friction, a ban."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field, JsonValue

from bot.demo.shop.clock import iso, iso_or_none, seconds_of
from bot.demo.shop.operation import Asked, Impossible, Operation
from bot.demo.shop.product.members import Member
from bot.demo.shop.product.reads import AskUser, UserId, find_member
from bot.demo.shop.shapes import ChangeOut, ChangeRow, CountedRow
from bot.demo.shop.social import Friction
from bot.demo.shop.world import World
from bot.demo.shop.writes import Plan, State


class Restore(AskUser):
    ids: list[str] = Field(max_length=50, description="as they were before; what is not known is not made up")


class ApplyFriction(Asked):
    user_id: str = UserId
    seconds_between_posts: int = Field(ge=0, le=3600, description="0 ends the friction")
    expires_at: str | None = Field(default=None, description="ISO 8601; required unless the friction ends")


class BanUser(Asked):
    user_id: str = UserId
    hours: int = Field(ge=1, le=8760, description="how long; then it ends by itself")
    violation: Literal["scam", "spam", "harassment", "illegal"]


def _plan(  # one member is what every one of these touches
    world: World, before: State, after: State, rows: list[tuple[str, JsonValue, JsonValue]], apply: Callable[[], None]
) -> Plan:
    return Plan(
        before=before,
        after=after,
        changes=tuple(ChangeRow(label=label, before=was, after=will) for label, was, will in rows),
        counted=CountedRow(count=1, of=len(world.members.all()), unit="members"),
        apply=apply,
    )


def _devices(count: int) -> str:
    return f"{count} open" if count else "none"


def revoke_sessions(world: World, asked: AskUser) -> Plan:
    member = find_member(world, asked.user_id)
    ids: list[JsonValue] = [one.id for one in member.sessions]
    return _plan(
        world,
        {"user_id": asked.user_id, "session_ids": ids},
        {"user_id": asked.user_id, "session_ids": []},
        [(f"sessions of {asked.user_id}", _devices(len(ids)), "none")],
        lambda: world.members.revoke_sessions(member, world.at),
    )


def restore_sessions(world: World, asked: Restore) -> Plan:
    member = find_member(world, asked.user_id)
    now: list[JsonValue] = [one.id for one in member.sessions]
    known = {one.session.id for one in member.revoked if one.session is not None}
    back: list[JsonValue] = [id_ for id_ in asked.ids if id_ in known]
    return _plan(
        world,
        {"user_id": asked.user_id, "session_ids": now},
        {"user_id": asked.user_id, "session_ids": now + back},
        [(f"sessions of {asked.user_id}", _devices(len(now)), _devices(len(now) + len(back)))],
        lambda: world.members.restore_sessions(member, asked.ids),
    )


def revoke_push_tokens(world: World, asked: AskUser) -> Plan:
    member = find_member(world, asked.user_id)
    tokens: list[JsonValue] = list(member.tokens)
    return _plan(
        world,
        {"user_id": asked.user_id, "push_tokens": tokens},
        {"user_id": asked.user_id, "push_tokens": []},
        [(f"devices of {asked.user_id} that get notifications", len(tokens), 0)],
        lambda: world.members.revoke_tokens(member, world.at),
    )


def restore_push_tokens(world: World, asked: Restore) -> Plan:
    member = find_member(world, asked.user_id)
    now: list[JsonValue] = list(member.tokens)
    known = {one.token for one in member.revoked}
    back: list[JsonValue] = [token for token in asked.ids if token in known]
    return _plan(
        world,
        {"user_id": asked.user_id, "push_tokens": now},
        {"user_id": asked.user_id, "push_tokens": now + back},
        [(f"devices of {asked.user_id} that get notifications", len(now), len(now) + len(back))],
        lambda: world.members.restore_tokens(member, asked.ids),
    )


def _link(world: World, member: Member, *, sent: bool) -> Plan:
    id_, was = member.account.id, member.reset_link_at is not None
    words = {True: "sent, old password blocked", False: "none"}
    return _plan(
        world,
        {"user_id": id_, "reset_link_sent": was},
        {"user_id": id_, "reset_link_sent": sent},
        [(f"reset link for {id_}", words[was], words[sent])],
        lambda: world.members.send_reset_link(member, world.at if sent else None),
    )


def send_reset_link(world: World, asked: AskUser) -> Plan:
    return _link(world, find_member(world, asked.user_id), sent=True)


def cancel_reset_link(world: World, asked: AskUser) -> Plan:
    return _link(world, find_member(world, asked.user_id), sent=False)


def apply_friction(world: World, asked: ApplyFriction) -> Plan:
    member = find_member(world, asked.user_id)
    expires = None
    if asked.seconds_between_posts:
        expires = _end(asked.expires_at, world.at)
    after = Friction(seconds=asked.seconds_between_posts, expires_at=expires)
    before = member.friction
    return _plan(
        world,
        {"user_id": asked.user_id, "seconds": before.seconds, "expires_at": iso_or_none(before.expires_at)},
        {"user_id": asked.user_id, "seconds": after.seconds, "expires_at": iso_or_none(after.expires_at)},
        [
            (f"pause of {asked.user_id} between posts", f"{before.seconds} s", f"{after.seconds} s"),
            ("ends by itself", iso_or_none(before.expires_at), iso_or_none(after.expires_at)),
        ],
        lambda: world.members.put_friction(member, after),
    )


def _end(expires_at: str | None, now: float) -> float:
    if expires_at is None:
        raise Impossible("expires_at is missing; friction ends by itself, say when")
    try:
        end = seconds_of(expires_at)
    except ValueError:
        raise Impossible(f"expires_at {expires_at!r} is not an ISO 8601 time; write 2026-09-21T13:33:20Z") from None
    if end <= now:
        raise Impossible(f"expires_at {expires_at!r} is over; give a time after {iso(now)}")
    return end


def ban_user(world: World, asked: BanUser) -> Plan:
    member = find_member(world, asked.user_id)
    until = world.at + asked.hours * 3600
    banned = member.banned_until is not None
    return _plan(
        world,
        {"user_id": asked.user_id, "banned": banned},
        {"user_id": asked.user_id, "banned": True},
        [
            (f"member {asked.user_id}", "banned" if banned else "may post", f"banned for {asked.hours} h"),
            ("reason the member is told", "", asked.violation),
        ],
        lambda: world.members.ban(member, until),
    )


def _on_member(id_: str, path: str, summary: str, takes: type[Asked], handle: object, **example: object) -> Operation:
    return Operation(
        id=id_,
        method="POST",
        path=f"/product/users/{{user_id}}/{path}",
        tag="product",
        summary=summary,
        takes=takes,
        gives=ChangeOut,
        handle=handle,  # type: ignore[arg-type]  # each operation knows its own argument model
        example={"user_id": "a-17", **example},
    )


WRITES = (
    _on_member("revokeSessions", "revoke-sessions", "Log every device out.", AskUser, revoke_sessions),
    _on_member("restoreSessions", "restore-sessions", "Take a revocation back.", Restore, restore_sessions, ids=[]),
    _on_member("revokePushTokens", "revoke-push-tokens", "Stop notifications.", AskUser, revoke_push_tokens),
    _on_member("restorePushTokens", "restore-push-tokens", "Let them in again.", Restore, restore_push_tokens, ids=[]),
    _on_member("sendResetLink", "reset-link", "Send a link to set a new password.", AskUser, send_reset_link),
    _on_member("cancelResetLink", "cancel-reset-link", "Make a sent link worthless.", AskUser, cancel_reset_link),
    _on_member(
        "applyFriction",
        "friction",
        "Make a member wait between posts, until a time.",
        ApplyFriction,
        apply_friction,
        seconds_between_posts=60,
        expires_at="2036-01-01T00:00:00Z",
    ),
    _on_member("banUser", "ban", "Ban a member for a time.", BanUser, ban_user, hours=24, violation="scam"),
)
