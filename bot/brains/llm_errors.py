"""Pure: what a model call failed with -> BrainUnavailable or BrainRefused, in plain words and without secrets."""

import re
from collections.abc import Mapping

from bot.brains.errors import BrainError, BrainRefused, BrainUnavailable

_KEY_LIKE = re.compile(r"(?i)\b(?:sk|pk|rk|key|gsk|xai|AIza)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|\bbearer\s+\S+")
_CONTEXT_TOO_LONG = re.compile(
    r"(?i)context.{0,12}(length|window)|prompt is too long|too many (input )?tokens|maximum.{0,20}tokens"
)
_LIBRARY_WORDS = re.compile(r"(?:litellm\.)?\w*(?:Error|Exception|Timeout)\b[:\s-]*")
_LONGEST = 200


def brain_error(error: BaseException, *, model: str, secrets: tuple[str, ...] = ()) -> BrainError:
    """The error to raise for `error`, told by its HTTP status where it has one."""
    status = _status(error)
    kind = type(error).__name__
    said = _said(error, secrets)
    if kind == "ContextWindowExceededError" or (status in (400, 413) and _CONTEXT_TOO_LONG.search(str(error))):
        return BrainRefused(
            f"the conversation is too long for model {model!r}; start a new task or choose a model with more context"
        )
    if kind == "ContentPolicyViolationError":
        return BrainRefused(f"the provider of model {model!r} refused the content; rephrase the request{said}")
    if kind == "LiteLLMUnknownProvider" or "LLM Provider NOT provided" in str(error):
        return BrainRefused(f"no provider is known for model {model!r}; write it as provider/model and check the name")
    match status:
        case 401:
            return BrainRefused(f"the provider of model {model!r} did not accept the api key; set a valid key")
        case 402:
            return BrainRefused(f"the provider of model {model!r} asks for payment; check the account's billing")
        case 403:
            return BrainRefused(f"the api key may not use model {model!r}; ask for access or choose another model")
        case 404:
            return BrainRefused(f"the provider does not know model {model!r}; check the model name and the api base")
        case 429:
            wait = retry_after(error)
            when = f"; asked to wait {wait:g} s" if wait is not None else ""
            return BrainUnavailable(f"model {model!r} is at its rate limit{when}; try again later", retry_after=wait)
        case 408:
            return BrainUnavailable(f"model {model!r} did not answer in time; try again later")
        case int() if 400 <= status < 500:
            return BrainRefused(
                f"the provider of model {model!r} refused the request ({status}); check the model's settings{said}"
            )
        case _:
            return BrainUnavailable(
                f"model {model!r} could not be reached or broke off; try again later{said}",
                retry_after=retry_after(error),
            )


def retry_after(error: BaseException) -> float | None:
    """Seconds from the Retry-After header of the answer, when it has one that is a number."""
    response = getattr(error, "response", None)
    for headers in (getattr(response, "headers", None), getattr(error, "litellm_response_headers", None)):
        if isinstance(headers, Mapping):
            try:
                seconds = float(headers.get("retry-after", ""))
            except (TypeError, ValueError):
                continue
            # An hour is as long as we believe; "inf" and negative numbers are no wait.
            if 0 <= seconds < float("inf"):
                return min(seconds, 3600.0)
    return None


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _said(error: BaseException, secrets: tuple[str, ...]) -> str:
    """The provider's own words in one short line, with anything that looks like a key taken out."""
    text = str(error)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
    text = _KEY_LIKE.sub("[key]", text)
    text = " ".join(_LIBRARY_WORDS.sub("", text).split())
    if not text:
        return ""
    return f" (it said: {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''})"
