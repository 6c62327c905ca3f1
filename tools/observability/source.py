"""The tools of one place's observability, from its manifest."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tools.contract import Tool
from tools.observability import dashboards, logs, prometheus, silences, traces
from tools.observability.declared import Service, read_observability
from tools.sources.errors import SourceError
from tools.sources.http_client import HttpService
from tools.sources.python_toolbox import Toolbox


def load_observability(file: Path, *, environ: Mapping[str, str], client: httpx.AsyncClient) -> list[Tool]:
    """The tools for what the manifest declares.

    Raises:
        SourceError: it cannot be used, or a token is not set.
    """
    declared = read_observability(file)
    services = {name: _service(name, service, file, environ, client) for name, service in declared.services().items()}
    hosts = tuple(urlsplit(service.base_url).hostname or "" for service in services.values())
    box = Toolbox("observability", owner=declared.owner, env=declared.env, egress=hosts)
    if (found := services.get("prometheus")) is not None:
        prometheus.register(box, found)
        if declared.dashboards:
            dashboards.register(box, found, declared.dashboards)
    if (found := services.get("alertmanager")) is not None:
        silences.register(box, found)
    if (found := services.get("loki")) is not None:
        logs.register_loki(box, found)
    if (found := services.get("traces")) is not None:
        traces.register(box, found)
    if declared.log_files:
        logs.register_files(box, declared.log_files)
    return box.tools()


def _service(
    name: str, declared: Service, file: Path, environ: Mapping[str, str], client: httpx.AsyncClient
) -> HttpService:
    secret = None
    if declared.token_env is not None:
        token = environ.get(declared.token_env, "")
        if not token or not token.isascii() or not token.isprintable():
            raise SourceError(
                str(file), f"{name}: token_env", f"{declared.token_env!r} is not set; set it to its token"
            )
        secret = ("Authorization", f"Bearer {token}")
    return HttpService(name=name, base_url=declared.url, client=client, secret_header=secret)
