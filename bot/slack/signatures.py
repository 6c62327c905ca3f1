"""Whether a request is Slack's, over the very bytes that came, by the secret in use or, while they overlap, the old."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_sdk.signature import Clock, SignatureVerifier


@dataclass(frozen=True, kw_only=True)
class SigningSecrets:
    """What Slack signs with: now, and until a moment also what it signed with before."""

    secret: str = field(repr=False)
    old: str = field(default="", repr=False)
    old_until: float = 0.0
    """seconds since the epoch"""
    clock: Callable[[], float] = time.time

    def signed(self, body: bytes, timestamp: str, signature: str) -> bool:
        """Whether Slack sent exactly this within the last five minutes. False for whatever does not fit, never raises.

        https://docs.slack.dev/authentication/verifying-requests-from-slack/
        """
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and signature.isascii()):
            return False
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return False
        good = [self.secret] if self.clock() >= self.old_until else [self.secret, self.old]
        return any(SignatureVerifier(one, _Now(self.clock)).is_valid(text, timestamp, signature) for one in good if one)


class _Now(Clock):
    """The clock as slack_sdk reads it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()
