"""What a manifest that loads still gets wrong, or does without."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.commands.loaded import LoadedSource
from policy.types import Tier
from tools.contract import Tool


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about one place; `broken` ones must be mended."""

    place: str
    says: str
    broken: bool


def findings(loaded: LoadedSource) -> list[Finding]:
    """Everything worth saying, broken things first."""
    found = [finding for tool in loaded.tools for finding in _of_tool(tool)]
    for token in loaded.missing_tokens:
        says = f"{token} is not set here; set it where the bot runs"
        found.append(Finding(place="service", says=says, broken=False))
    return sorted(found, key=lambda finding: not finding.broken)


def _of_tool(tool: Tool) -> Iterator[Finding]:
    manifest = tool.manifest
    for name, bound in manifest.bounds.items():
        if bound.min is not None and bound.max is not None and bound.min > bound.max:
            says = f"min {bound.min:g} is above max {bound.max:g}, so no value fits"
            yield Finding(place=f"{tool.name}: bounds.{name}", says=says, broken=True)
    if not manifest.examples:
        yield Finding(place=tool.name, says="has no example, so nothing of it was tried", broken=False)
    if manifest.tier is not Tier.READ:
        yield from _of_change(tool)


def _of_change(tool: Tool) -> Iterator[Finding]:
    lacks = {
        "no preview: people approve without seeing before and after": tool.preview,
        "no undo: what it did cannot be taken back with a button": tool.undo,
        "no verify: whether it took is not looked at, and after a crash a person is asked": tool.verify,
    }
    for says, part in lacks.items():
        if part is None:
            yield Finding(place=tool.name, says=says, broken=False)
    if not tool.manifest.side_effects and tool.preview is None:
        yield Finding(place=tool.name, says="declares no side_effects, so its card can say nothing", broken=False)
