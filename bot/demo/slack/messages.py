"""The messages of every conversation, with timestamps that are unique and only grow."""

from collections.abc import Callable

from bot.demo.slack.wire import Json


class Messages:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last_ts = 0
        self._all: dict[str, dict[str, Json]] = {}
        self._roots: dict[str, dict[str, Json]] = {}
        self._replies: dict[tuple[str, str], dict[str, Json]] = {}
        self._ephemeral: dict[str, dict[str, Json]] = {}

    def next_ts(self) -> str:
        """A timestamp nobody had before, in Slack's spelling."""
        self._last_ts = max(self._last_ts + 1, int(self._now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add(self, channel: str, message: Json) -> Json:
        """Store a message under its `ts`."""
        self._all.setdefault(channel, {})[message["ts"]] = message
        if is_root(message):
            self._roots.setdefault(channel, {})[message["ts"]] = message
        else:
            self._replies.setdefault((channel, message["thread_ts"]), {})[message["ts"]] = message
        return message

    def add_ephemeral(self, channel: str, message: Json) -> Json:
        """Store a message only `ephemeral_for` will see, and which the Web API never returns."""
        self._ephemeral.setdefault(channel, {})[message["ts"]] = message
        return message

    def find(self, channel: str, ts: str) -> Json | None:
        return self._all.get(channel, {}).get(ts)

    def find_ephemeral(self, channel: str, ts: str) -> Json | None:
        return self._ephemeral.get(channel, {}).get(ts)

    def remove(self, channel: str, ts: str) -> Json | None:
        """Take a message away, ephemeral or not."""
        found = self._all.get(channel, {}).pop(ts, None)
        if found is None:
            return self._ephemeral.get(channel, {}).pop(ts, None)
        shelf = self._roots.get(channel, {}) if is_root(found) else self._replies[channel, found["thread_ts"]]
        shelf.pop(ts, None)
        return found

    def clear(self) -> None:
        """Forget everything that was said; timestamps go on growing."""
        for shelf in (self._all, self._roots, self._replies, self._ephemeral):
            shelf.clear()

    def roots(self, channel: str) -> list[Json]:
        """Messages that stand in the channel itself, oldest first."""
        return list(self._roots.get(channel, {}).values())

    def replies(self, channel: str, thread_ts: str) -> list[Json]:
        return list(self._replies.get((channel, thread_ts), {}).values())

    def thread(self, channel: str, thread_ts: str) -> list[Json]:
        """A root and its replies, oldest first."""
        root = self.find(channel, thread_ts)
        return [*([root] if root else []), *self.replies(channel, thread_ts)]

    def ephemeral(self, channel: str, user: str) -> list[Json]:
        return [m for m in self._ephemeral.get(channel, {}).values() if m["ephemeral_for"] == user]

    def with_counts(self, channel: str, message: Json) -> Json:
        """A copy that says how many replies the message has."""
        replies = self.replies(channel, message["ts"])
        if not replies or not is_root(message):
            return dict(message)
        users = list(dict.fromkeys(m["user"] for m in replies))
        return {
            **message,
            "thread_ts": message["ts"],
            "reply_count": len(replies),
            "reply_users": users[:5],
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
        }


def is_root(message: Json) -> bool:
    return message.get("thread_ts") in (None, message["ts"])
