"""How often each method may be called a minute; beyond that Slack answers 429 and says when to come back."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from bot.demo.slack.wire import Json

WINDOW = 60.0
TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 600
PER_MINUTE = {
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.postEphemeral": TIER_4,
    "chat.getPermalink": SPECIAL,
    "views.open": TIER_4,
    "views.update": TIER_4,
    "views.push": TIER_4,
    "views.publish": TIER_4,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "assistant.threads.setStatus": SPECIAL,
    "assistant.threads.setTitle": TIER_4,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "auth.test": SPECIAL,
    "apps.connections.open": TIER_2,
}
POST_BURST = 5
"""chat.postMessage: one a second in a channel, with a short burst allowed."""
POST_WINDOW = 5.0


class Limits:
    """Sliding windows per method; chat.postMessage has one per channel."""

    def __init__(self, now: Callable[[], float], *, scale: float = 1.0, on: bool = True) -> None:
        self._now = now
        self.scale = scale
        self.on = on
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def wait(self, method: str, args: Json) -> int | None:
        """Seconds the caller has to wait, or None when the call may pass (and is counted)."""
        if not self.on:
            return None
        posting = method == "chat.postMessage"
        key = (method, str(args.get("channel", "")) if posting else "")
        window = POST_WINDOW if posting else WINDOW
        allowed = max(1, int((POST_BURST if posting else PER_MINUTE.get(method, TIER_3)) * self.scale))
        now, calls = self._now(), self._calls[key]
        while calls and now - calls[0] >= window:
            calls.popleft()
        if len(calls) >= allowed:
            return max(1, math.ceil(window - (now - calls[-allowed])))
        calls.append(now)
        return None

    def clear(self) -> None:
        """Forget the calls that were counted."""
        self._calls.clear()
