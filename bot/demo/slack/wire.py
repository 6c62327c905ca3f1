"""What travels between Slack and an app: JSON, and refusals with Slack's own error words."""

from typing import Any

Json = dict[str, Any]
"""Slack's own objects. This room IS the border: it stores and returns what apps send, byte for byte in meaning,
so its currency stays JSON instead of being poured into a class per object."""


class Refused(Exception):
    """A call Slack turns down; `error` is Slack's word, `messages` are its hints, `extra` goes beside them."""

    def __init__(self, error: str, *messages: str, **extra: object) -> None:
        super().__init__(f"slack answers {error!r}" + (f": {'; '.join(messages)}" if messages else ""))
        self.error = error
        self.messages = messages
        self.extra = extra

    def body(self) -> Json:
        """The JSON body Slack sends for this refusal."""
        body: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": list(self.messages)}
        return body
