"""The manifest's expressions, read once at start-up; an error names the tool and the field it stands in."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from tools.contract import JsonObject
from tools.expressions import Expression, ExpressionError
from tools.sources.errors import SourceError


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in which manifest we are, for errors."""

    file: str
    place: str

    def at(self, field: str) -> "Place":
        return Place(file=self.file, place=f"{self.place}: {field}")

    def error(self, message: str) -> SourceError:
        return SourceError(self.file, self.place, message)

    def expression(self, source: str) -> Expression:
        """The parsed expression.

        Raises:
            SourceError: it does not parse.
        """
        try:
            return Expression.parse(source)
        except ExpressionError as error:
            raise self.error(f"{error}; write it in CEL, as in the manifests beside this one") from None

    def expressions(self, sources: Mapping[str, str]) -> dict[str, Expression]:
        return {name: self.at(name).expression(source) for name, source in sources.items()}


def text_of(expression: Expression, scope: Mapping[str, JsonValue]) -> str:
    """The value as words."""
    value = expression.value(scope)
    return value if isinstance(value, str) else str(value)


def object_of(expressions: Mapping[str, Expression], scope: Mapping[str, JsonValue]) -> JsonObject:
    """One value for each name; a null stands for "not given" and is left out."""
    values = {name: expression.value(scope) for name, expression in expressions.items()}
    return {name: value for name, value in values.items() if value is not None}
