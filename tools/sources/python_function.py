"""A typed function as a tool's part: its parameters become the argument model, its answer becomes JSON."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, create_model

from tools.contract import Impact, JsonObject, ToolContext
from tools.sources.errors import SourceError

GIVEN = ("context", "before", "impact")
"""parameters that are filled in by us and are no arguments"""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A function with its types read once."""

    function: Callable[..., Any]
    hints: Mapping[str, Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Typed":
        """The function's types.

        Raises:
            SourceError: a type is missing or cannot be read.
        """
        try:
            hints = get_type_hints(function, include_extras=True)
        except (NameError, TypeError) as error:
            raise SourceError(_file(function), _name(function), f"its types cannot be read: {error}") from None
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
                raise SourceError(_file(function), _name(function), f"'{parameter}' cannot be an argument; name each")
            if parameter.name not in hints:
                raise SourceError(_file(function), _name(function), f"{parameter.name!r} has no type; give it one")
        return cls(function=function, hints=hints)

    @property
    def place(self) -> tuple[str, str]:
        return _file(self.function), _name(self.function)

    def model(self) -> type[BaseModel]:
        """The model of its arguments. Values are not bent into other types, unknown names are refused.

        Raises:
            SourceError: a type has no JSON form.
        """
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if name not in GIVEN:
                if hasattr(BaseModel, name) or name.startswith(("_", "model_")):
                    raise SourceError(*self.place, f"{name!r} cannot be the name of an argument; use another")
                default = ... if parameter.default is parameter.empty else parameter.default
                fields[name] = (self.hints[name], default)
        config = ConfigDict(extra="forbid", frozen=True, strict=True)
        try:
            model = create_model(_name(self.function), __config__=config, **fields)
            model.model_json_schema()
        except (PydanticSchemaGenerationError, PydanticUserError, NameError) as error:
            raise SourceError(*self.place, f"an argument has no JSON form: {str(error).splitlines()[0]}") from None
        return model

    def answer(self) -> "TypeAdapter[Any]":
        """How its answer becomes JSON.

        Raises:
            SourceError: it does not say what it returns, or that has no JSON form.
        """
        if "return" not in self.hints:
            raise SourceError(*self.place, "does not say what it returns; write '-> YourModel'")
        try:
            return TypeAdapter(self.hints["return"])
        except (PydanticSchemaGenerationError, PydanticUserError) as error:
            raise SourceError(*self.place, f"its answer has no JSON form: {str(error).splitlines()[0]}") from None

    def call(self, args: BaseModel, *, context: ToolContext | None = None, impact: Impact | None = None) -> Any:
        """Call it with what it names: arguments, and `context`, `impact`, `before`."""
        before: JsonObject = dict(impact.before) if impact is not None else {}
        given = {"context": context, "impact": impact, "before": before}
        values = {
            name: given[name] if name in GIVEN else getattr(args, name)
            for name in inspect.signature(self.function).parameters
        }
        return self.function(**values)

    def check_names(self, model: type[BaseModel]) -> None:
        """A part of a tool may name the tool's arguments only.

        Raises:
            SourceError: it names another one.
        """
        for name in inspect.signature(self.function).parameters:
            if name not in GIVEN and name not in model.model_fields:
                known = ", ".join([*model.model_fields, *GIVEN])
                raise SourceError(*self.place, f"names {name!r}, which the tool has not; it has {known}")


def _file(function: Callable[..., Any]) -> str:
    return getattr(getattr(function, "__code__", None), "co_filename", "(unknown file)")


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))
