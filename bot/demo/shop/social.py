"""Posts and their replies, the accounts behind them, and friction: a pause between two replies of one account."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.shop.counters import Counters, Key
from bot.demo.shop.logs import LogLine, Logs
from bot.demo.shop.throttles import Throttles

NEW_ACCOUNT_DAYS = 7
KEEP_SECONDS = 3600
POSTS = {
    "p-101": "Which tent for a windy coast?",
    "p-102": "Our repair service, explained",
    "p-103": "Weekend deals",
    "p-104": "How we chose the new wool",
    "p-105": "A statement on the delayed parcels",
    "p-106": "Photos from your hikes",
}
BURST_POST = "p-105"
REPLY = "POST /social/posts/{post_id}/replies"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who replies. The age is in days."""

    id: str
    age_days: float


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An accepted reply."""

    at: float
    post: str
    account: Account


@dataclass(frozen=True, kw_only=True)
class Friction:
    """How long an account must wait between two replies to a post; 0 means not at all."""

    seconds: int = 0
    expires_at: float | None = None

    @property
    def words(self) -> str:
        return f"{self.seconds} s between replies" if self.seconds else "none"


class Social:
    """The component, with a crowd of regulars and, when the fault is on, a burst of new accounts."""

    def __init__(self, *, rng: random.Random, counters: Counters, logs: Logs, throttles: Throttles) -> None:
        self._rng, self._counters, self._logs, self._throttles = rng, counters, logs, throttles
        self.regulars = [Account(id=f"a-{n}", age_days=round(rng.uniform(30, 2000), 1)) for n in range(400)]
        self.burst = [Account(id=f"n-{n}", age_days=round(rng.uniform(0.1, 1.5), 2)) for n in range(40)]
        self.replies: deque[Reply] = deque()
        self._friction: dict[str, Friction] = {}
        self._last: dict[tuple[str, str], float] = {}
        self.bursting = False
        self.wait_of: Callable[[str], int | None] = lambda _: 0
        """what is asked of one account, besides what its post asks: seconds to wait; None: it may not post"""

    def friction(self, post: str) -> Friction:
        """The friction of a post as it stands."""
        return self._friction.get(post, Friction())

    def put_friction(self, post: str, friction: Friction) -> None:
        self._friction[post] = friction

    def expire(self, at: float) -> None:
        """End the friction whose time has come."""
        for post, friction in list(self._friction.items()):
            if friction.expires_at is not None and friction.expires_at <= at:
                del self._friction[post]

    def reply(self, post: str, account: Account, at: float) -> int:
        """Take one reply: 201, or 429 when the account must wait, or 403 when it is banned."""
        status = 201
        own = self.wait_of(account.id)
        wait = max(self.friction(post).seconds, own or 0)
        since = at - self._last.get((post, account.id), -1e9)
        if own is None:
            status = 403
        elif since < wait or not self._throttles.admits("social.reply", at):
            status = 429
        else:
            self._last[post, account.id] = at
            self.replies.append(Reply(at=at, post=post, account=account))
        key = Key(component="social", endpoint=REPLY)
        self._counters.record(at, key, status=status, latency_ms=self._rng.uniform(8, 30))
        return status

    def step(self, at: float, seconds: float) -> None:
        """Let regulars and, when the fault is on, the burst write for a moment."""
        while self.replies and self.replies[0].at < at - KEEP_SECONDS:
            self.replies.popleft()
        if self._rng.random() < seconds * 1.0:
            self.reply(self._rng.choice(list(POSTS)), self._rng.choice(self.regulars), at)
        if not self.bursting:
            return
        for account in self.burst:
            if self._rng.random() < seconds / 3 and self.reply(BURST_POST, account, at) == 201:
                self._note(account, at)

    def _note(self, account: Account, at: float) -> None:
        if self._rng.random() < 0.1:
            self._logs.write(
                LogLine(
                    at=at,
                    level="warning",
                    component="social",
                    message="reply resembles 20 others of the last minute",
                    trace_id=f"{self._rng.getrandbits(64):016x}",
                    fields=(("post", BURST_POST), ("account", account.id), ("age_days", str(account.age_days))),
                )
            )

    def since(self, post: str, start: float) -> list[Reply]:
        """The replies to a post since an instant."""
        return [reply for reply in self.replies if reply.post == post and reply.at >= start]
