"""Pure: what a failed Web API call means for the one who made it."""

from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

HOPELESS = frozenset(
    {
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "message_not_found",
        "cant_update_message",
        "account_inactive",
        "token_revoked",
        "thread_not_found",
        "restricted_action",
        "user_not_found",
        "user_disabled",
        "cannot_dm_bot",
    }
)
"""errors that another try cannot mend: https://docs.slack.dev/reference/methods/chat.postMessage"""


class Fault(StrEnum):
    """What is known after a call that did not answer ok."""

    RATE_LIMITED = "rate_limited"
    """no effect; allowed again after `retry_after`"""
    NOT_SENT = "not_sent"
    """no connection: no effect"""
    UNKNOWN = "unknown"
    """it may have taken effect or not"""
    TOO_LONG = "too_long"
    NOT_STREAMING = "not_streaming"
    """the stream is over: no effect"""
    STOPPED = "stopped"
    """a person pressed Stop"""
    CONFLICT = "conflict"
    """the message is still streaming, so it cannot be edited"""
    REFUSED = "refused"
    """any other word of Slack's: no effect, and none next time either"""


PASSING = frozenset({Fault.RATE_LIMITED, Fault.NOT_SENT, Fault.UNKNOWN})
"""the same call may work later"""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failed call: its fault, Slack's own word for it, and how long to wait before the next."""

    fault: Fault
    error: str
    retry_after: float = 0.0


class CallFailed(Exception):
    """A Web API call did not work, and trying it again does not help."""

    def __init__(self, method: str, failure: Failure) -> None:
        super().__init__(f"{method} failed with {failure.error!r}")
        self.method = method
        self.failure = failure


_WORDS = {
    "ratelimited": Fault.RATE_LIMITED,
    "rate_limited": Fault.RATE_LIMITED,
    "message_limit_exceeded": Fault.RATE_LIMITED,
    "msg_too_long": Fault.TOO_LONG,
    "msg_blocks_too_long": Fault.TOO_LONG,
    "message_not_in_streaming_state": Fault.NOT_STREAMING,
    "message_not_found": Fault.NOT_STREAMING,
    "stopped_by_user": Fault.STOPPED,
    "streaming_state_conflict": Fault.CONFLICT,
    "fatal_error": Fault.UNKNOWN,
    "internal_error": Fault.UNKNOWN,
    "service_unavailable": Fault.UNKNOWN,
    "request_timeout": Fault.UNKNOWN,
}


def classify(error: Exception) -> Failure | None:
    """What this exception of the Slack client means, or None when it is not one of its failures."""
    if isinstance(error, SlackApiError):
        return _of_answer(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return Failure(fault=Fault.NOT_SENT, error="no_connection")
    if isinstance(error, TimeoutError | aiohttp.ClientError | OSError | SlackClientError):
        return Failure(fault=Fault.UNKNOWN, error=type(error).__name__)
    return None


def _of_answer(error: SlackApiError) -> Failure:
    response = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 200)
    data = response if isinstance(response, dict) else getattr(response, "data", None)
    word = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or _WORDS.get(word) is Fault.RATE_LIMITED:
        return Failure(fault=Fault.RATE_LIMITED, error=word or "ratelimited", retry_after=_retry_after(response))
    if status >= 500 or not word:
        return Failure(fault=Fault.UNKNOWN, error=word or f"http_{status}")
    return Failure(fault=_WORDS.get(word, Fault.REFUSED), error=word)


def _retry_after(response: object) -> float:
    headers = getattr(response, "headers", None) or {}
    given = next((value for key, value in headers.items() if str(key).lower() == "retry-after"), "1")
    try:
        return max(float(given), 0.1)
    except (TypeError, ValueError):
        return 1.0
