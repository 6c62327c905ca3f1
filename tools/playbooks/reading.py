"""The read tool by which a model opens a skill: its list says what there is, the prose comes when it is needed."""

from tools.contract import JsonObject, Tool, ToolFailed
from tools.playbooks.library import Library
from tools.sources.python_toolbox import Toolbox

READ_SKILL = "skills.read"


def reading_tool(library: Library) -> Tool:
    """The tool over these skills."""
    box = Toolbox("skills", owner="autopilot")

    @box.read(
        title="'Read how to ' + args.name",
        target={"kind": "skill", "id": "args.name"},
        trusted_output=True,
        idempotent=True,
        rate_per_hour=600,
    )
    async def read(name: str) -> JsonObject:
        """How one skill is done: when, in which steps, how to read what its tools answer, and which they are."""
        skill = library.skills.get(name)
        if skill is None:
            says = f"no skill {name!r}; there are {', '.join(sorted(library.skills)) or 'none'}"
            raise ToolFailed(says, effect_possible=False, reason="refused")
        return {
            "name": skill.name,
            "description": skill.front.description,
            "version": f"{skill.version} {skill.hash[:12]}",
            "tools": [*sorted(library.tools_of(name))],
            "text": skill.body,
        }

    [tool] = box.tools()
    return tool
