"""Pure: which values of a result a manifest vouches for. By their whole path: keys that users choose reach no other."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

TrustedField = Annotated[str, Field(pattern=r"^[^.\[\]*]+(\[\])*(\.[^.\[\]*]+(\[\])*)*$", max_length=200)]
"""names from the top of the result, with dots between them and [] for the items of a list: "posts[].author.id" """
Path = tuple[str | None, ...]
"""names, and None for an item of a list; no name, whatever it is made of, is taken for an item or for two names"""
_STEP = re.compile(r"[^.\[\]]+|\[\]")


def path_of(field: str) -> Path:
    """What a manifest declares, as a path."""
    return tuple(None if step == "[]" else step for step in _STEP.findall(field))


def scalars(value: JsonValue, at: Path = (), shown: str = "") -> Iterator[tuple[Path, str, JsonValue]]:
    """(where, the same for people, value) of everything that is no object and no list."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from scalars(one, (*at, name), f"{shown}.{name}" if shown else name)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from scalars(one, (*at, None), f"{shown}[{place}]")
    else:
        yield at, shown, value


def unknown_in(schema: Mapping[str, Any], field: str, resolve: Callable[[str], Any]) -> str:
    """Why a field cannot be in a result of this JSON Schema; "" when it can, or the schema does not say.

    `resolve`: what a `$ref` points to.
    """
    here, so_far = _plain(schema, resolve), ""
    for step in path_of(field):
        if here is None:
            return ""
        if step is None:
            if here.get("type", "array") != "array":
                return f"{so_far or 'the result'!r} is no list there; leave out its []"
            here, so_far = _plain(here.get("items", {}), resolve), f"{so_far}[]"
            continue
        if here.get("type") == "array":
            return f"{so_far!r} is a list there; write {so_far + '[]'!r} for its items"
        properties = here.get("properties")
        if not isinstance(properties, Mapping):
            return ""
        if step not in properties:
            known = ", ".join(sorted(properties))
            return f"{so_far or 'the result'!r} has no {step!r} there; it has: {known}"
        here, so_far = _plain(properties[step], resolve), f"{so_far}.{step}" if so_far else step
    if here is not None and here.get("type") in ("array", "object"):
        inside = so_far + ("[]" if here["type"] == "array" else ".…")
        return f"{so_far!r} is no single value there; name what is in it ({inside!r})"
    return ""


def _plain(schema: Any, resolve: Callable[[str], Any]) -> Mapping[str, Any] | None:
    """The schema behind references; None where it is one of several, or does not say."""
    for _ in range(20):
        if not isinstance(schema, Mapping):
            return None
        if "$ref" not in schema:
            return None if {"anyOf", "oneOf", "allOf"} & schema.keys() else schema
        schema = resolve(str(schema["$ref"]))
    return None
