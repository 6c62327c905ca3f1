"""The tools: does each manifest load, and does something listen where its service should be."""

import asyncio
import contextlib
from pathlib import Path

import httpx

from bot import settings, tooling
from bot.commands.checks import confined_sources
from bot.commands.checks.finding import Finding, broken, ok, open_
from bot.commands.loaded import means
from bot.packages import packages
from bot.private_files import private_files
from bot.settings import Settings
from tools.errors import ToolError
from tools.registry import Registry
from tools.sources.loading import load_manifest, load_packages
from tools.sources.manifest_file import kind_of
from tools.sources.openapi_manifest import read_manifest

PATIENCE = 3.0
"""seconds for a service to take a connection"""


async def check_tools(config: Settings) -> tuple[list[Finding], Registry | None]:
    """One finding for each manifest and service; the registry when all manifests load."""
    files = config.manifests or ((tooling.SHOP,) if config.shop_url else ())
    if not files and not config.tool_packages and config.operator_database_url is None:
        fix = "set AUTOPILOT_MANIFESTS to your manifests, or SHOP_URL and SHOP_TOKEN to the sample shop's"
        return [open_("tools", "none: the bot can talk but not look anything up", fix)], Registry()
    findings: list[Finding] = []
    registry: Registry | None = Registry()
    async with means(settings.environment(), private_files(config)) as given:
        sources: list[Path | str] = [*files, *config.tool_packages]
        for source in sources:
            try:
                if isinstance(source, str):
                    found = load_packages(packages(config, [source]), given.closing)
                else:
                    found = await load_manifest(source, given)
                for tool in found:
                    (registry or Registry()).add(tool)
            except ToolError as error:
                findings.append(broken("tools", str(error), "then look with 'autopilot tools check'"))
                registry = None
                continue
            name = source if isinstance(source, str) else source.name
            findings.append(ok("tools", f"{name}: {len(found)} tools"))
            if isinstance(source, Path) and kind_of(source) == "service":
                findings.append(await _service(source))
            findings += await confined_sources.check(source, config)
    try:
        looked_after = tooling.operator_tools(config)
        for tool in looked_after:
            (registry or Registry()).add(tool)
    except ToolError as error:
        return [*findings, broken("tools", str(error), "then look with 'autopilot tools list'")], None
    if looked_after:
        findings.append(ok("tools", f"postgres: {len(looked_after)} tools"))
    return findings, registry


async def _service(file: Path) -> Finding:
    header = read_manifest(file).service
    base = (settings.environment().get(header.base_url_env, "") if header.base_url_env else "") or header.base_url
    url = httpx.URL(base)
    port = url.port or (443 if url.scheme == "https" else 80)
    check = f"service {header.name}"
    try:
        async with asyncio.timeout(PATIENCE):
            _reader, writer = await asyncio.open_connection(url.host, port)
    except (OSError, TimeoutError):
        variable = f" or {header.base_url_env}" if header.base_url_env else ""
        fix = f"start it, or correct base_url{variable}; the bot runs without it, its calls fail"
        return open_(check, f"nothing answers at {url.host}:{port}", fix)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ok(check, f"{url.host}:{port} takes connections")
