"""What is broken about tools; expected results are outcomes, not errors."""

from collections.abc import Iterable


class ToolError(Exception):
    """Base of this room's errors. Messages are for people."""


class UnknownTool(ToolError):
    """No tool of this name is registered."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"no tool {name!r}; known: {', '.join(sorted(known))}")


class DuplicateTool(ToolError):
    """Two sources offer a tool of the same name."""

    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__(f"tool {name!r} comes from {first!r} and from {second!r}; rename one in its manifest")


class SealBroken(ToolError):
    """A sealed call is not the bytes its id was made from."""

    def __init__(self, proposal_id: str, moved: str = "") -> None:
        what = f" (moved: {moved})" if moved else ""
        super().__init__(
            f"proposal {proposal_id[:12]!r} was changed after it was sealed{what}; nothing ran, look at the audit log"
        )


class SealErased(SealBroken):
    """What was sealed was erased on request; nobody tampered, and nothing of it can run."""

    def __init__(self, proposal_id: str) -> None:
        said = f"what proposal {proposal_id[:12]!r} held was erased on request; nothing of it can run"
        Exception.__init__(self, said)


class SealForeign(SealBroken):
    """The bytes are whole, and this version cannot read them: another one sealed them, before an upgrade or after."""

    def __init__(self, proposal_id: str) -> None:
        said = f"proposal {proposal_id[:12]!r} was sealed by another version of this program; nothing ran, ask again"
        Exception.__init__(self, said)


class Stopped(Exception):
    """A person stopped the task before its call began; nothing did."""

    def __init__(self) -> None:
        super().__init__("a person stopped this before it began; nothing ran")


class Expired(Exception):
    """What people approved was over before its call could begin; nothing did."""


class GrantEnded(Exception):
    """The standing grant a call was approved by is used up, revoked or over; nothing began."""
