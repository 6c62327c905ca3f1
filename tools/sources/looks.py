"""Looking before and after: preview, undo and verify of one declared tool, whatever source it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError

from tools.contract import (
    Change,
    Counted,
    Held,
    Impact,
    InverseCall,
    JsonObject,
    ToolContext,
    ToolFailed,
    Verified,
)
from tools.expressions import Expression, ExpressionError
from tools.manifest import DryRun
from tools.sources.cel_rules import object_of, text_of
from tools.sources.openapi_arguments import Arguments


class _ChangeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label: str
    before: JsonValue
    after: JsonValue


class _CountedIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int
    unit: str
    of: int | None = None


_changes = TypeAdapter(list[_ChangeIn])
_counted = TypeAdapter(list[_CountedIn])
_state: TypeAdapter[JsonObject] = TypeAdapter(dict[str, JsonValue])


class Operation(Protocol):
    """An operation of a source, ready to be called with checked arguments."""

    @property
    def arguments(self) -> Arguments: ...

    async def call(
        self,
        values: Mapping[str, JsonValue],
        *,
        may_change: bool = False,
        idempotency_key: str = "",
        extra_query: tuple[tuple[str, str], ...] = (),
    ) -> JsonObject:
        """What the far end answers, as an object.

        Raises:
            ToolFailed: it does not, or not with what was declared.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Look:
    """A call of an operation made from this tool's arguments. Without `args` it gets them as they are."""

    operation: Operation
    args: Mapping[str, Expression] | None = None
    query: tuple[tuple[str, str], ...] = ()

    async def at(self, scope: Mapping[str, JsonValue]) -> JsonObject:
        """What the operation gives; it must not change anything."""
        if self.args is None:
            values = _state.validate_python(scope["args"])
        else:
            # Checked like a brain's arguments: an expression can be as wrong as a model.
            checked = self.operation.arguments.model.model_validate(object_of(self.args, scope))
            values = self.operation.arguments.values(checked)
        return await self.operation.call(values, extra_query=self.query)


@dataclass(frozen=True, kw_only=True)
class PreviewLook:
    """Finds out what a write would do."""

    arguments: Arguments
    look: Look
    before: Expression
    changes: Expression
    counted: Expression
    grade: DryRun

    async def __call__(self, args: Any, _: ToolContext) -> Impact:
        scope: JsonObject = {"args": self.arguments.values(args)}
        try:
            scope["result"] = await self.look.at(scope)
            changes = _changes.validate_python(self.changes.value(scope))
            counted = _counted.validate_python(self.counted.value(scope))
            before = _state.validate_python(self.before.value(scope))
        except ToolFailed as error:
            # Whatever the service made of it: a look is not the change people were asked about.
            raise ToolFailed(f"preview: {error}", effect_possible=False, reason=error.reason) from None
        except (ExpressionError, ValidationError) as error:
            raise _odd_shape("the preview", error) from None
        grade = DryRun.PREVIEWED if self.grade is DryRun.ANALYSED and not counted else self.grade
        return Impact(
            grade=grade,
            changes=tuple(Change(label=row.label, before=row.before, after=row.after) for row in changes),
            counted=tuple(Counted(count=row.count, unit=row.unit, of=row.of) for row in counted),
            before=before,
        )


@dataclass(frozen=True, kw_only=True)
class UndoCall:
    """Builds the inverse call from the state before."""

    arguments: Arguments
    tool: str
    args: Mapping[str, Expression]
    when: Expression

    def __call__(self, args: Any, impact: Impact) -> InverseCall | None:
        scope: JsonObject = {"args": self.arguments.values(args), "before": impact.before}
        try:
            if not self.when.truth(scope):
                return None
            return InverseCall(tool=self.tool, arguments=object_of(self.args, scope))
        except ExpressionError as error:
            raise _odd_shape("the state to return to", error) from None


@dataclass(frozen=True, kw_only=True)
class VerifyLook:
    """Sees whether a change took."""

    arguments: Arguments
    look: Look
    holds: Expression
    says: Expression

    async def __call__(self, args: Any, impact: Impact | None, _: ToolContext) -> Verified:
        before: JsonObject = dict(impact.before) if impact is not None else {}
        scope: JsonObject = {"args": self.arguments.values(args), "before": before}
        try:
            result = await self.look.at(scope)
            scope["result"] = result
            held = Held.YES if self.holds.truth(scope) else Held.NO
            return Verified(held=held, says=text_of(self.says, scope), data=result)
        except ToolFailed as error:
            return Verified(held=Held.UNKNOWN, says=f"could not look: {error}")
        except (ExpressionError, ValidationError):
            return Verified(held=Held.UNKNOWN, says="the answer has another shape than the manifest expects")


def _odd_shape(what: str, error: Exception) -> ToolFailed:
    return ToolFailed(
        f"{what} has another shape than the manifest expects ({type(error).__name__}); compare the two",
        effect_possible=False,
        reason="bad_response",
    )
