"""Steps named for people, not for functions."""

from policy.types import Tier
from storage.records import JsonObject
from tools.errors import UnknownTool
from tools.registry import Registry


def not_done(why: str, title: str) -> str:
    """The title of a step that changed nothing: a green tick beside "Turn it off" would be read as done."""
    return f"{why}: {title[:1].lower()}{title[1:]}"


def step_title(registry: Registry, tool: str, arguments: JsonObject) -> str:
    """What a call does, in the tool's own words; a plain fallback when it cannot be told."""
    try:
        known = registry.get(tool)
        parsed = known.arguments.model_validate(arguments)
        return known.title(parsed) if known.manifest.tier is Tier.READ else known.says(parsed)
    except (UnknownTool, ValueError):
        return f"Asked for {tool}"
