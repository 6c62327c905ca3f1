"""What leaves the gateway: redacted, and in a form that every store can keep, whatever a tool handed out."""

import math
from dataclasses import dataclass

from policy.redaction import Redactor
from storage.records import JsonObject, JsonValue
from storage.text import storable

LARGEST = 2**53 - 1
"""the largest whole number that has a canonical JSON form"""


@dataclass(frozen=True, kw_only=True)
class Cleaner:
    """Redacts, then makes storable. Never raises: a result that cannot be kept must not undo that the call ran."""

    redactor: Redactor

    def text(self, text: str) -> str:
        return storable(self.redactor.text(text).text)

    def json(self, value: object) -> JsonObject:
        """The value as a JSON object; anything else stands under "result"."""
        try:
            clean = self.value(value)
        except Exception as error:  # no JSON, or nested without end
            return {"unreadable": f"the result is no JSON ({type(error).__name__})"}
        return clean if isinstance(clean, dict) else {"result": clean}

    def value(self, value: object) -> JsonValue:
        clean, _found = self.redactor.json(value)  # type: ignore[arg-type]  # what is no JSON fails inside
        return _keepable(clean)


def _keepable(value: object) -> JsonValue:
    match value:
        case None | bool():
            return value
        case str():
            return storable(value)
        case int():
            return value if abs(value) <= LARGEST else str(value)
        case float():
            # a whole decimal is written as a whole number, and then it must be one that can be read again
            large = math.isfinite(value) and value.is_integer() and abs(value) > LARGEST
            return str(value) if large or not math.isfinite(value) else value
        case list():
            return [_keepable(item) for item in value]
        case dict():
            return {storable(str(name)): _keepable(item) for name, item in value.items()}
    raise TypeError(f"{type(value).__name__} is no JSON")
