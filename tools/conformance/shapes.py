"""Whether an output looks like the example in its manifest: fields and kinds, not values."""

from collections.abc import Iterator

from pydantic import JsonValue


def differences(example: JsonValue, real: JsonValue, place: str = "output") -> Iterator[str]:
    """Where `real` lacks something that the example shows, or has it in another kind. More fields are fine."""
    match example, real:
        case None, _:
            return
        case dict(), dict():
            for name, value in example.items():
                if name not in real:
                    yield f"{place}.{name} is missing"
                else:
                    yield from differences(value, real[name], f"{place}.{name}")
        case list(), list():
            if example:
                for index, item in enumerate(real):
                    yield from differences(example[0], item, f"{place}[{index}]")
        case _ if kind(example) != kind(real):
            yield f"{place} is {kind(real)}, the example says {kind(example)}"


def kind(value: JsonValue) -> str:
    """The JSON name of a value's type; whole and decimal numbers are one kind."""
    match value:
        case None:
            return "null"
        case bool():
            return "yes/no"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
