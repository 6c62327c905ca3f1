"""What failed calls mean: above all, whether they may have taken effect."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.faults import Failure, Fault, classify


def an_answer(status: int, data: object, **headers: str) -> SlackApiError:
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="x",
        req_args={},
        data=data,  # type: ignore[arg-type]
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        status_code=status,
    )
    return SlackApiError("no", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (an_answer(200, {"ok": False, "error": "msg_too_long"}), Fault.TOO_LONG),
        (an_answer(200, {"ok": False, "error": "message_not_in_streaming_state"}), Fault.NOT_STREAMING),
        (an_answer(200, {"ok": False, "error": "streaming_state_conflict"}), Fault.CONFLICT),
        (an_answer(200, {"ok": False, "error": "stopped_by_user"}), Fault.STOPPED),
        (an_answer(200, {"ok": False, "error": "unknown_method"}), Fault.REFUSED),
        (an_answer(200, {"ok": False, "error": "a_word_slack_has_yet_to_invent"}), Fault.REFUSED),
        (an_answer(200, {"ok": False, "error": "fatal_error"}), Fault.UNKNOWN),
        (an_answer(503, {}), Fault.UNKNOWN),
        (an_answer(502, "<html>bad gateway</html>"), Fault.UNKNOWN),
        (aiohttp.ServerDisconnectedError(), Fault.UNKNOWN),
        (ConnectionResetError(), Fault.UNKNOWN),
        (TimeoutError(), Fault.UNKNOWN),
    ],
)
def test_each_failure_has_one_meaning(error: Exception, fault: Fault) -> None:
    """Only what certainly had no effect may simply be sent again."""
    failure = classify(error)
    assert failure is not None
    assert failure.fault is fault


def test_a_rate_limit_says_how_long_to_wait() -> None:
    """Retry-After in any spelling; 1 s when it is missing or odd."""
    limited = {"ok": False, "error": "ratelimited"}
    assert classify(an_answer(429, limited, retry_after="30")) == Failure(
        fault=Fault.RATE_LIMITED, error="ratelimited", retry_after=30.0
    )
    assert classify(an_answer(429, limited)) == Failure(fault=Fault.RATE_LIMITED, error="ratelimited", retry_after=1.0)


def test_errors_of_our_own_are_not_slacks() -> None:
    """A bug surfaces instead of being tried again."""
    assert classify(KeyError("ts")) is None
