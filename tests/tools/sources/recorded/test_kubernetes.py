"""Kubernetes by its shipped manifest, against a cluster that answers as the API does."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.tools.sources.conftest import MANIFEST, context
from tests.tools.sources.recorded.checked import Checked, Json
from tools.contract import Held, Impact, Tool, ToolFailed, answered
from tools.sealing import fingerprint
from tools.sources.openapi import load_openapi_source

FILE = MANIFEST.with_name("kubernetes.yaml")
OLD, NEW = "registry.example/checkout:1.4.1", "registry.example/checkout:1.5.0"


class Cluster:
    """One deployment whose pods follow at once, unless they are held."""

    def __init__(self) -> None:
        self.replicas, self.image, self.restarts = 3, NEW, 0
        self.annotations: dict[str, str] = {}
        self.held = False

    def deployment(self) -> Json:
        ready = 1 if self.held else self.replicas
        template = {
            "metadata": {"annotations": self.annotations},
            "spec": {"containers": [{"name": "app", "image": self.image}]},
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "checkout", "namespace": "shop", "generation": 7, "labels": {"app": "checkout"}},
            "spec": {"replicas": self.replicas, "selector": {"matchLabels": {"app": "checkout"}}, "template": template},
            "status": {
                "observedGeneration": 7,
                "replicas": self.replicas,
                "updatedReplicas": ready,
                "readyReplicas": ready,
            },
        }

    def handle(self, operation: str, named: dict[str, str], body: Any) -> tuple[int, Any]:
        if named["namespace"] != "shop" or named.get("name", "checkout") != "checkout":
            return 404, {
                "kind": "Status",
                "status": "Failure",
                "message": f'deployments.apps "{named.get("name")}" not found',
            }
        match operation:
            case "listDeployments":
                return 200, {"items": [self.deployment()]}
            case "listReplicaSets":
                return 200, {"items": [_set("checkout-1", "1", 0, OLD), _set("checkout-2", "2", 3, NEW)]}
            case "readDeployment":
                return 200, self.deployment()
            case "patchDeploymentScale":
                self.replicas = body["spec"]["replicas"]
                return 200, {"metadata": {"name": "checkout"}, "spec": {"replicas": self.replicas}}
            case _:
                template = body["spec"]["template"]
                added = template.get("metadata", {}).get("annotations", {})
                self.restarts += not added.items() <= self.annotations.items()
                self.annotations |= added
                for container in template.get("spec", {}).get("containers", ()):
                    assert container["name"] == "app", "another name would add a container"
                    self.image = container["image"]
                return 200, self.deployment()


def _set(name: str, revision: str, replicas: int, image: str) -> Json:
    template = {"spec": {"containers": [{"name": "app", "image": image}]}}
    annotations = {"deployment.kubernetes.io/revision": revision}
    return {
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"replicas": replicas, "template": template},
    }


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
async def tools(cluster: Cluster) -> AsyncIterator[dict[str, Tool]]:
    transport = Checked(FILE.with_name("kubernetes.openapi.yaml"), cluster.handle)
    async with httpx.AsyncClient(transport=transport) as client:
        environ = {"KUBERNETES_TOKEN": "made-up-token"}
        yield {tool.name: tool for tool in await load_openapi_source(FILE, environ=environ, client=client)}


async def change(tools: dict[str, Tool], which: str, /, **arguments: Any) -> tuple[Any, Impact]:
    tool = tools[f"kubernetes.{which}"]
    args = tool.arguments.model_validate({"namespace": "shop", "name": "checkout", **arguments})
    assert tool.preview and tool.verify
    impact = await tool.preview(args, context())
    await tool.run(args, context("k-1"))
    await tool.run(args, context("k-1"))
    again = await tool.preview(args, context())
    assert fingerprint(again) != fingerprint(impact), "who else made this change meanwhile would not be noticed"
    return args, impact


async def look(tools: dict[str, Tool], which: str, /, **arguments: Any) -> str:
    tool = tools[f"kubernetes.{which}"]
    args = tool.arguments.model_validate(arguments)
    return await answered(tool.finding(args, await tool.run(args, context())))


async def test_reads_say_what_runs(tools: dict[str, Tool], cluster: Cluster) -> None:
    assert await look(tools, "deployments", namespace="shop") == "1 deployments, all ready"
    cluster.held = True
    assert await look(tools, "deployments", namespace="shop") == "1 deployments; not ready: checkout 1/3"
    assert await look(tools, "deployment", namespace="shop", name="checkout") == f"1 of 3 ready, 1 updated, {NEW}"
    assert await look(tools, "revisions", namespace="shop", labelSelector="app=checkout") == "2 revisions"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("scale", {"replicas": 5}), ("scale", {"replicas": 1}), ("rollback", {"container": "app", "image": OLD})],
)
async def test_a_change_is_previewed_seen_and_taken_back(
    tools: dict[str, Tool], cluster: Cluster, name: str, arguments: dict[str, Any]
) -> None:
    before = cluster.deployment()
    tool = tools[f"kubernetes.{name}"]
    args, impact = await change(tools, name, **arguments)
    assert impact.changes[0].before in (3, NEW)
    assert cluster.deployment()["spec"] != before["spec"]
    assert tool.verify and tool.undo
    assert (await tool.verify(args, impact, context())).held is Held.YES
    cluster.held = True
    assert (await tool.verify(args, impact, context())).held is (Held.YES if cluster.replicas == 1 else Held.NO)
    inverse = await answered(tool.undo(args, impact))
    assert inverse is not None and inverse.tool == tool.name
    await tool.run(tool.arguments.model_validate(inverse.arguments), context("k-2"))
    cluster.held = False
    assert cluster.deployment()["spec"] == before["spec"]


async def test_the_same_restart_twice_is_one_restart(tools: dict[str, Tool], cluster: Cluster) -> None:
    args, impact = await change(tools, "restart")
    assert (cluster.restarts, impact.counted[0].count) == (1, 3)
    tool = tools["kubernetes.restart"]
    assert tool.verify and (await tool.verify(args, impact, context())).held is Held.YES
    await tool.run(args, context("k-2"))
    assert cluster.restarts == 2


async def test_what_is_not_there_is_refused_before_anything_is_sent(tools: dict[str, Tool], cluster: Cluster) -> None:
    with pytest.raises(ToolFailed, match="not found"):
        await change(tools, "scale", name="nothing", replicas=2)
    with pytest.raises(ToolFailed, match="another shape"):
        await change(tools, "rollback", container="sidecar", image=OLD)
    with pytest.raises(ValueError, match="above 50"):
        await change(tools, "scale", replicas=51)
    with pytest.raises(ValueError, match="pattern"):
        await change(tools, "scale", namespace="../kube-system", replicas=2)
    assert (cluster.replicas, cluster.image) == (3, NEW)
