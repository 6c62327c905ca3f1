"""GitHub by its shipped manifest, against a server that answers as GitHub does."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.tools.sources.conftest import MANIFEST, context
from tests.tools.sources.recorded.checked import Checked, Json
from tools.contract import Held, Tool, ToolFailed, answered
from tools.sealing import fingerprint
from tools.sources.openapi import load_openapi_source

FILE = MANIFEST.with_name("github.yaml")
REPO = {"owner": "acme", "repo": "shop"}


def pull(number: int, branch: str, *, merged: bool) -> Json:
    return {
        "number": number,
        "node_id": f"PR_kwDOAA{number}",
        "state": "closed" if merged else "open",
        "title": f"Change {number}",
        "merged": merged,
        "merged_at": "2026-09-21T12:00:00Z" if merged else None,
        "merge_commit_sha": None,
        "changed_files": 4,
        "head": {"ref": branch, "sha": "a" * 40},
        "base": {"ref": "main", "sha": "b" * 40},
    }


class Hub:
    """Two pull requests and one failed run."""

    def __init__(self) -> None:
        self.pulls = {41: pull(41, "new-checkout", merged=True), 42: pull(42, "later", merged=False)}
        self.run: Json = {"id": 900, "name": "deploy", "status": "completed", "conclusion": "failure", "run_attempt": 1}
        self.conflict = False

    def handle(self, operation: str, named: dict[str, str], body: Any) -> tuple[int, Any]:
        match operation:
            case "getPull":
                found = self.pulls.get(int(named["pull_number"]))
                return (200, found) if found else (404, {"message": "Not Found", "documentation_url": "https://docs"})
            case "listPulls":
                return 200, [p for p in self.pulls.values() if f"acme:{p['head']['ref']}" == named.get("head")]
            case "listRuns":
                return 200, {"total_count": 1, "workflow_runs": [self.run]}
            case "getRun":
                return 200, self.run
            case "rerun":
                if self.run["status"] != "completed":
                    return 403, {"message": "This workflow run cannot be retried"}
                self.run = {
                    **self.run,
                    "status": "queued",
                    "conclusion": None,
                    "run_attempt": self.run["run_attempt"] + 1,
                }
                return 201, {}
            case "cancelRun":
                self.run = {**self.run, "status": "completed", "conclusion": "cancelled"}
                return 202, {}
            case _:
                if self.conflict:
                    return 200, {"data": {"revertPullRequest": None}, "errors": [{"message": "Could not revert"}]}
                assert body["variables"]["input"]["pullRequestId"] == "PR_kwDOAA41"
                self.pulls[43] = pull(43, "revert-41-new-checkout", merged=False)
                made = {"number": 43, "url": "https://github.com/acme/shop/pull/43"}
                return 200, {"data": {"revertPullRequest": {"revertPullRequest": made}}}


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def tools(hub: Hub) -> AsyncIterator[dict[str, Tool]]:
    transport = Checked(FILE.with_name("github.openapi.yaml"), hub.handle)
    async with httpx.AsyncClient(transport=transport) as client:
        environ = {"GITHUB_TOKEN": "made-up-token"}
        yield {tool.name: tool for tool in await load_openapi_source(FILE, environ=environ, client=client)}


async def test_a_merged_pull_request_is_reverted_by_one_that_waits_for_review(tools: dict[str, Tool], hub: Hub) -> None:
    tool = tools["github.revert_pull_request"]
    args = tool.arguments.model_validate({**REPO, "number": 41, "node_id": "PR_kwDOAA41"})
    assert tool.preview and tool.verify
    impact = await tool.preview(args, context())
    assert (impact.counted[0].count, tool.undo) == (4, None)
    assert (await tool.verify(args, impact, context())).held is Held.NO
    assert (await tool.run(args, context()))["number"] == 43
    assert (await tool.verify(args, impact, context())).says == "the revert is #43"


@pytest.mark.parametrize(("number", "node_id"), [(42, "PR_kwDOAA42"), (41, "PR_kwDOAA42"), (99, "PR_kwDOAA99")])
async def test_what_is_not_merged_or_not_the_number_on_the_card_is_not_reverted(
    tools: dict[str, Tool], hub: Hub, number: int, node_id: str
) -> None:
    tool = tools["github.revert_pull_request"]
    assert tool.preview
    with pytest.raises(ToolFailed) as failed:
        await tool.preview(tool.arguments.model_validate({**REPO, "number": number, "node_id": node_id}), context())
    assert not failed.value.effect_possible
    assert 43 not in hub.pulls


async def test_an_error_that_graphql_says_with_200_is_a_failure(tools: dict[str, Tool], hub: Hub) -> None:
    hub.conflict = True
    tool = tools["github.revert_pull_request"]
    with pytest.raises(ToolFailed, match="another shape"):
        await tool.run(tool.arguments.model_validate({**REPO, "number": 41, "node_id": "PR_kwDOAA41"}), context())


async def test_a_failed_run_runs_again_and_undo_cancels_it(tools: dict[str, Tool], hub: Hub) -> None:
    tool = tools["github.rerun_workflow"]
    args = tool.arguments.model_validate({**REPO, "run_id": 900})
    assert tool.preview and tool.verify and tool.undo
    impact = await tool.preview(args, context())
    assert [row.after for row in impact.changes] == [2, "runs again"]
    await tool.run(args, context())
    assert (await tool.verify(args, impact, context())).held is Held.YES
    assert fingerprint(await tool.preview(args, context())) != fingerprint(impact), "a rival's rerun is not noticed"
    with pytest.raises(ToolFailed, match="cannot be retried") as refused:
        await tool.run(args, context())
    assert not refused.value.effect_possible
    inverse = await answered(tool.undo(args, impact))
    assert inverse is not None
    back = tools[inverse.tool]
    again = back.arguments.model_validate(inverse.arguments)
    assert back.preview
    at_work = await back.preview(again, context())
    await back.run(again, context())
    assert fingerprint(await back.preview(again, context())) != fingerprint(at_work), "an end is not noticed"
    assert hub.run["conclusion"] == "cancelled"


async def test_reads_say_what_there_is(tools: dict[str, Tool]) -> None:
    for name, more, says in (
        ("pull_request", {"pull_number": 41}, "#41 merged into main"),
        ("workflow_runs", {}, "1 runs, 1 failed"),
    ):
        tool = tools[f"github.{name}"]
        args = tool.arguments.model_validate({**REPO, **more})
        assert await answered(tool.finding(args, await tool.run(args, context()))) == says
