"""Preview, undo and verify of tools that are declared in a manifest: looking is done with another tool of the file."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from tools.manifest import Cel, ToolName


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LookRule(_Strict):
    """How a write is looked at before it happens: with a read tool of this file."""

    tool: ToolName
    args: Mapping[str, Cel] = {}
    """sees `args`"""
    before: Cel
    """sees `args`, `result` (what the look gave). State only: a value that moves by itself makes every call drift"""
    changes: Cel = "[]"
    """a list of {label, before, after}"""
    counted: Cel = "[]"
    """a list of {count, unit, of?}"""


class UndoRule(_Strict):
    """The call that takes it back."""

    tool: ToolName
    args: Mapping[str, Cel]
    """sees `args`, `before`"""
    when: Cel = "true"
    """sees `args`, `before`; false: there is nothing to take back"""


class VerifyRule(_Strict):
    """How a change is seen to have taken: with a read tool of this file."""

    tool: ToolName
    args: Mapping[str, Cel] = {}
    """sees `args`, `before`"""
    holds: Cel
    """sees `args`, `before`, `result` (what the look gave)"""
    says: Cel
    """one sentence for people; sees the same"""
