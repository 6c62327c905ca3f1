"""Members: their sessions and push tokens, why a login is refused, and what was taken from an account."""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.demo.shop.logs import LogLine, Logs
from bot.demo.shop.social import Account, Friction

SESSION_LIMIT = 5
"""open sessions of one member; a login beyond it is refused"""
RESTORE_SECONDS = 24 * 3600.0
"""how long what was revoked is kept"""
VICTIM = "a-17"
"""whose password somebody else has, while the story is on"""
INTRUDER_EVERY, OWNER_EVERY = 2.0, 5.0
LINK_SECONDS = 4.0
"""how soon the owner follows a reset link"""
NO_FRICTION = Friction()


@dataclass(frozen=True, kw_only=True)
class Session:
    """One device that is logged in."""

    id: str
    country: str
    device: str
    since: float


@dataclass(frozen=True, kw_only=True)
class Revoked:
    """Something taken from an account that can be given back for a day."""

    at: float
    session: Session | None = None
    token: str = ""


@dataclass(kw_only=True)
class Member:
    """One account as the shop keeps it."""

    account: Account
    sessions: tuple[Session, ...] = ()
    tokens: tuple[str, ...] = ()
    revoked: tuple[Revoked, ...] = ()
    refused: deque[float] = field(default_factory=lambda: deque(maxlen=200))
    """when logins were refused"""
    friction: Friction = NO_FRICTION
    banned_until: float | None = None
    reset_link_at: float | None = None
    """a link that was sent and not yet followed; the old password does not open anything meanwhile"""
    password_since: float = 0.0


class Members:
    """All accounts, with somebody else's hand on one of them while the story is on."""

    def __init__(self, *, rng: random.Random, logs: Logs, accounts: Iterable[Account], at: float) -> None:
        self._rng, self._logs = rng, logs
        self._members = {account.id: self._opened(account, at) for account in accounts}
        self.besieged = False
        self._owner_is_out = False
        self._timed: set[str] = set()
        """whose friction, ban or revoked things end by themselves"""
        self._next_try = (0.0, 0.0)
        self._numbers = 0

    def _opened(self, account: Account, at: float) -> Member:
        devices = ["phone", "laptop"][: self._rng.choice((1, 1, 2))]
        sessions = tuple(
            Session(id=f"s-{account.id}-{device}", country="DE", device=device, since=at - 86_400.0)
            for device in devices
        )
        return Member(account=account, sessions=sessions, tokens=tuple(f"t-{account.id}-{d}" for d in devices))

    def find(self, user_id: str) -> Member | None:
        return self._members.get(user_id)

    def all(self) -> list[Member]:
        return list(self._members.values())

    def wait_of(self, user_id: str) -> int | None:
        """Seconds this account must wait between two posts; None: it is banned and may not post at all."""
        member = self._members[user_id]
        return None if member.banned_until is not None else member.friction.seconds

    def expire(self, at: float) -> None:
        """End the friction and the bans whose time has come, and forget what was revoked a day ago."""
        for member in map(self._members.__getitem__, self._timed):
            if member.friction.expires_at is not None and member.friction.expires_at <= at:
                member.friction = NO_FRICTION
            if member.banned_until is not None and member.banned_until <= at:
                member.banned_until = None
            if member.revoked and member.revoked[0].at < at - RESTORE_SECONDS:
                member.revoked = tuple(one for one in member.revoked if one.at >= at - RESTORE_SECONDS)

    def step(self, at: float) -> None:
        """Let the stranger and the owner of the besieged account try to log in."""
        member = self._members[VICTIM]
        if member.reset_link_at is not None and at >= member.reset_link_at + LINK_SECONDS:
            # A new password keeps the stranger from coming back, but whoever is in stays in.
            member.reset_link_at, member.password_since, self.besieged = None, at, False
            self._owner_is_out = True
        stranger, owner = self._next_try
        if at >= stranger and self.besieged and member.reset_link_at is None:
            stranger = at + INTRUDER_EVERY
            if len(member.sessions) < SESSION_LIMIT:
                self._login(member, at, country="VN", device="script")
        if at >= owner and self._owner_is_out and member.reset_link_at is None:
            owner = at + OWNER_EVERY
            self._login(member, at, country="DE", device="laptop")
            self._owner_is_out = self.besieged or not _has_laptop(member)
        self._next_try = (stranger, owner)

    def _login(self, member: Member, at: float, *, country: str, device: str) -> None:
        if country == "DE" and _has_laptop(member):
            return
        if len(member.sessions) >= SESSION_LIMIT:
            member.refused.append(at)
            message = f"login refused: {SESSION_LIMIT} sessions are open, the limit is {SESSION_LIMIT}"
            self._write(member, at, "warning", message, country, device)
            return
        self._numbers += 1
        opened = Session(id=f"s-{member.account.id}-{self._numbers}", country=country, device=device, since=at)
        member.sessions = (*member.sessions, opened)
        self._write(member, at, "info", "logged in", country, device)

    def _write(self, member: Member, at: float, level: str, message: str, country: str, device: str) -> None:
        self._logs.write(
            LogLine(
                at=at,
                level=level,
                component="accounts",
                message=message,
                trace_id=f"{self._rng.getrandbits(64):016x}",
                fields=(("user", member.account.id), ("country", country), ("device", device)),
            )
        )

    def besiege(self, *, on: bool, at: float) -> None:
        """Begin or end the story: a stranger's script has the password and keeps every session."""
        member = self._members[VICTIM]
        self.besieged = self._owner_is_out = on
        if on:
            member.sessions = tuple(
                Session(id=f"s-{VICTIM}-x{n}", country="VN", device="script", since=at - 600 + n)
                for n in range(SESSION_LIMIT)
            )
            member.reset_link_at = None
        else:
            member.sessions = tuple(one for one in member.sessions if one.country == "DE")

    # --- what operations do -------------------------------------------------------------------------------

    def revoke_sessions(self, member: Member, at: float) -> None:
        """Log every device out; it can be taken back for a day."""
        self._timed.add(member.account.id)
        gone = tuple(Revoked(at=at, session=session) for session in member.sessions)
        member.revoked, member.sessions = (*member.revoked, *gone), ()

    def restore_sessions(self, member: Member, ids: Iterable[str]) -> None:
        """Give sessions back that were revoked within a day; others are not touched."""
        wanted = set(ids)
        back = [one.session for one in member.revoked if one.session is not None and one.session.id in wanted]
        member.revoked = tuple(one for one in member.revoked if one.session not in back)
        member.sessions = (*member.sessions, *back)

    def revoke_tokens(self, member: Member, at: float) -> None:
        """Stop notifications to every device of a member."""
        self._timed.add(member.account.id)
        gone = tuple(Revoked(at=at, token=token) for token in member.tokens)
        member.revoked, member.tokens = (*member.revoked, *gone), ()

    def restore_tokens(self, member: Member, tokens: Iterable[str]) -> None:
        """Give tokens back that were revoked within a day."""
        wanted = set(tokens)
        back = tuple(one.token for one in member.revoked if one.token in wanted)
        member.revoked = tuple(one for one in member.revoked if one.token not in back)
        member.tokens = (*member.tokens, *back)

    def send_reset_link(self, member: Member, at: float | None) -> None:
        """Send a link to set a new password, or (None) make the one that was sent worthless."""
        member.reset_link_at = at

    def put_friction(self, member: Member, friction: Friction) -> None:
        self._timed.add(member.account.id)
        member.friction = friction

    def ban(self, member: Member, until: float | None) -> None:
        self._timed.add(member.account.id)
        member.banned_until = until


def _has_laptop(member: Member) -> bool:
    return any((one.country, one.device) == ("DE", "laptop") for one in member.sessions)
