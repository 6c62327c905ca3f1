"""A thousand tools: all that ship, and the many of a large company around them, in the same words."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import yaml
from pydantic import BaseModel

from policy.types import Target, Tier
from storage.db import Database
from tools.contract import JsonObject, Tool, ToolContext
from tools.manifest import TargetRule, ToolManifest
from tools.own.box import own_tools
from tools.playbooks.library import SHIPPED, find
from tools.postgres.box import postgres_tools
from tools.registry import Registry
from tools.searching import search_tool
from tools.sources.loading import Means, load_manifest

MANIFESTS = Path(__file__).parents[3] / "tools" / "manifests"
SERVICES = re.findall(
    r"\w+",
    "billing invoices shipping warehouse returns catalog pricing coupons reviews wishlist identity consent mailer sms "
    "loyalty fraud ledger payouts tax recommendations images video transcoder cdn dns certificates vault registry "
    "builds artifacts pipelines warehouse_etl lake notebooks experiments segments attribution ads search_index crawler",
)
ACTS = (
    ("get_status", "read", "Health, error rate and latency of {service} now."),
    ("list_jobs", "read", "Jobs of {service} that wait or run, oldest first."),
    ("search_logs", "read", "Log lines of {service} that hold all words."),
    ("get_config", "read", "Settings of {service} as they stand."),
    ("list_versions", "read", "Versions of {service} that were released, newest first."),
    ("get_owner", "read", "The team that owns {service} and who is on call for it."),
    ("list_incidents", "read", "Past incidents of {service}, with what helped."),
    ("get_cost", "read", "What {service} cost a day over the last month."),
    ("list_tables", "read", "Tables of {service} with rows and size."),
    ("get_quota", "read", "How much of its quota {service} uses."),
    ("restart_worker", "irreversible", "Restart one worker of {service}; jobs in flight are lost."),
    ("set_limit", "reversible", "Limit requests of one client to {service}."),
    ("pause", "reversible", "Pause {service} for some minutes."),
    ("resume", "reversible", "Let {service} go on after a pause."),
    ("set_flag", "reversible", "Turn a feature flag of {service} on or off."),
    ("scale", "reversible", "Set how many workers {service} has."),
    ("purge_cache", "irreversible", "Empty the cache of {service}."),
    ("requeue_failed", "irreversible", "Send failed jobs of {service} again."),
    ("rotate_key", "irreversible", "Replace the signing key of {service}."),
    ("export_report", "read", "A report of {service} for one week."),
    ("notify_users", "irreversible", "Send a notice to users of {service}."),
    ("block_client", "reversible", "Refuse requests of one client of {service}."),
    ("rebuild", "irreversible", "Build the derived data of {service} anew."),
    ("set_schedule", "reversible", "When the nightly run of {service} begins."),
)


class Arguments(BaseModel):
    id: str
    minutes: int = 15
    note: str | None = None


async def _nothing(_args: Arguments, _context: ToolContext) -> JsonObject:
    return {}


def _made(service: str, act: str, tier: str, summary: str) -> Tool:
    manifest = ToolManifest(
        name=f"{service}.{act}",
        owner="somebody",
        summary=summary.format(service=service.replace("_", " ")),
        tier=Tier(tier),
        title="'x'",
        says="'x'",
        verb=act.split("_", maxsplit=1)[0],
        target=TargetRule(kind="service", id="'x'"),
    )
    return Tool(
        manifest=manifest,
        arguments=Arguments,
        run=_nothing,
        target=lambda _: Target(kind="service", id=service, env="prod"),
        title=lambda _: act,
        says=lambda _: act,
    )


async def crowd(folder: Path, count: int = 1_000) -> Registry:
    """A registry of `count` tools, none of which can be reached."""
    db = Database(f"sqlite:///{folder / 'never.db'}")
    declared = {
        "prometheus": {"url": "http://prom"},
        "alertmanager": {"url": "http://am"},
        "loki": {"url": "http://loki"},
        "traces": {"url": "http://traces"},
        "dashboards": {"shop": {"title": "Shop", "panels": [{"title": "up", "query": "up"}]}},
    }
    file = folder / "observability.yaml"
    file.write_text(yaml.safe_dump({"observability": declared}))
    tokens = ("SHOP_TOKEN", "PRODUCT_TOKEN", "KUBERNETES_TOKEN", "GITHUB_TOKEN")
    registry = Registry()
    async with httpx.AsyncClient() as client, AsyncExitStack() as closing:
        means = Means(environ=dict.fromkeys(tokens, "t"), client=client, closing=closing)
        files = [MANIFESTS / f"{name}.yaml" for name in ("shop", "product", "kubernetes", "github")]
        shipped = [tool for one in (*files, file) for tool in await load_manifest(one, means)]
        shipped += postgres_tools("postgresql://op:x@db/shop", env="prod", bots_url="sqlite:///x")
        shipped += own_tools(db, env="prod")
        for tool in (*shipped, search_tool(registry)):
            registry.add(tool)
        others = [_made(service, *act) for act in ACTS for service in SERVICES]
        for tool in others[: count - len(registry)]:
            registry.add(tool)
        registry.learn_uses(find([SHIPPED], {tool.name: tool for tool in registry}).used_for())
    return registry
