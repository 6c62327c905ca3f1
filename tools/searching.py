"""`tools.search`: how a brain finds a tool that its prompt had no room for."""

from typing import Annotated

from pydantic import BaseModel, Field

from tools.contract import Tool
from tools.registry import Registry
from tools.sources.python_toolbox import Toolbox

NAME = "tools.search"
MOST = 10


class Found(BaseModel):
    name: str
    summary: str
    tier: str


class FoundTools(BaseModel):
    tools: list[Found] = Field(description="best first; they can be called from the next turn on")


def search_tool(registry: Registry) -> Tool:
    """The tool, over the tools of this registry."""
    box = Toolbox("tools", owner="platform")

    @box.read(
        name=NAME,
        title="'Looked for a tool: ' + args.words",
        target={"kind": "service", "id": "'tools'"},
        idempotent=True,
        rate_per_hour=600,
        trusted_output=False,
    )
    async def search(words: Annotated[str, Field(min_length=1, max_length=200)]) -> FoundTools:
        """Find tools that are not listed here, by what they do. Say it in a few words, as "restart a deployment"."""
        found = [registry.get(name) for name in registry.index.find(words, MOST) if name != NAME]
        return FoundTools(
            tools=[Found(name=one.name, summary=one.manifest.summary, tier=one.manifest.tier.value) for one in found]
        )

    @search.finding
    def of_search(found: FoundTools) -> str:
        return f"{len(found.tools)} tools fit" + (f", best {found.tools[0].name}" if found.tools else "")

    [tool] = box.tools()
    return tool
