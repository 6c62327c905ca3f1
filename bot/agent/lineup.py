"""The agents there are here: the default one, and the others that admins may choose for a channel or the workspace."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.agent import definition
from bot.agent.definition import AgentDefinition, AgentFileError, DataPolicy
from bot.lifecycle.consent import Terms


@dataclass(frozen=True, kw_only=True)
class Member:
    """One agent as it works here."""

    definition: AgentDefinition
    brain: str = "rules"
    """what thinks for it, by name"""
    data: DataPolicy = field(default_factory=DataPolicy)
    """where people's words are read, as things really are"""
    terms: Terms | None = None
    """what people agree to before their words are first sent to it; None when they are not asked"""

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def sends_out(self) -> bool:
        return self.data.kind == "cloud"


@dataclass(frozen=True, kw_only=True)
class Lineup:
    """All agents by name, the default first. A task keeps the one it was begun with."""

    members: tuple[Member, ...]

    @classmethod
    def only(cls, agent: AgentDefinition) -> "Lineup":
        """A line-up of one, which sends nothing out."""
        return cls(members=(Member(definition=agent),))

    @property
    def default(self) -> Member:
        return self.members[0]

    def named(self, name: str) -> Member | None:
        """The agent of this name, the default one for ""; None when there is none here (any more)."""
        if not name:
            return self.default
        return next((one for one in self.members if one.name == name), None)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)


def read(default: Path | None, folders: Sequence[Path]) -> tuple[AgentDefinition, ...]:
    """The default agent, then those that ship and those of these folders; an own one replaces a shipped namesake.

    Raises:
        AgentFileError: a file cannot be used, or two of one's own have one name.
    """
    first = definition.load(default) if default else definition.load()
    found = {one.name: one for one in _of(definition.SHIPPED)}
    own: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise AgentFileError(f"no folder {str(folder)!r} with agents; check AUTOPILOT_AGENTS")
        for file in sorted(folder.glob("*.yaml")):
            one = definition.load(file)
            if one.name in own:
                raise AgentFileError(f"{file}: there is an agent {one.name!r} already, in {own[one.name]}; rename one")
            own[one.name] = file
            found[one.name] = one
    if default is None:
        first = found.get(first.name, first)
    others = sorted((one for one in found.values() if one.name != first.name), key=lambda one: one.name)
    return (first, *others)


def _of(folder: Path) -> list[AgentDefinition]:
    return [definition.load(file) for file in sorted(folder.glob("*.yaml"))]
