"""Running a declared tool, what it found in one line, and trying its examples: the same for every kind of manifest."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tools.contract import JsonObject, Tool, ToolContext, ToolFailed
from tools.expressions import Expression, ExpressionError
from tools.sources.cel_rules import Place, text_of
from tools.sources.looks import Operation
from tools.sources.openapi_arguments import Arguments

_json = TypeAdapter(JsonObject)


@dataclass(frozen=True, kw_only=True)
class DeclaredRun:
    """Calls the operation for real."""

    operation: Operation
    writes: bool
    result: Expression | None

    async def __call__(self, args: Any, context: ToolContext) -> JsonObject:
        values = self.operation.arguments.values(args)
        key = context.idempotency_key if self.writes else ""
        answer = await self.operation.call(values, may_change=self.writes, idempotency_key=key)
        if self.result is None:
            return answer
        try:
            shaped = self.result.value({"args": values, "result": answer})
        except ExpressionError as error:
            message = f"the answer has another shape than the manifest expects: {error}"
            raise ToolFailed(message, effect_possible=self.writes, reason="bad_response") from None
        return shaped if isinstance(shaped, dict) else {"value": shaped}


@dataclass(frozen=True, kw_only=True)
class DeclaredFinding:
    """What a read found, in one line."""

    arguments: Arguments
    finding: Expression | None

    def __call__(self, args: Any, result: JsonObject) -> str:
        if self.finding is None:
            return ""
        try:
            return text_of(self.finding, {"args": self.arguments.values(args), "result": result})
        except ExpressionError:
            return "answered in another shape than the manifest expects"


def rehearse(tool: Tool, place: Place) -> None:
    """Examples must be calls that would be taken, and every line for people must come out of them.

    Raises:
        SourceError: one is not.
    """
    for index, example in enumerate(tool.manifest.examples):
        at = place.at(f"examples[{index}]")
        try:
            args = tool.arguments.model_validate_json(_json.dump_json(dict(example.input)))
            tool.title(args), tool.says(args), tool.target(args)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise at.error(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}; correct it") from None
        except ExpressionError as error:
            raise at.error(f"title, says or target cannot be made from it: {error}") from None
