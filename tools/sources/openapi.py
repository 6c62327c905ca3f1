"""Tools from an OpenAPI document and a manifest. Everything is checked here, once; a call only sends."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from policy.types import Tier
from tools.contract import Tool, ToolFailed
from tools.people_only import HINT
from tools.sources.errors import SourceError
from tools.sources.http_client import HttpRequest, HttpService
from tools.sources.openapi_document import Document
from tools.sources.openapi_manifest import HttpManifest, ServiceHeader, read_manifest
from tools.sources.openapi_tool import Builder

DOCUMENT_SECONDS = 10.0


async def load_openapi_source(
    manifest: Path, *, environ: Mapping[str, str], client: httpx.AsyncClient, own: frozenset[str] = frozenset()
) -> list[Tool]:
    """The tools a manifest declares, over one shared client. With a document in a file, the service may be down.

    Raises:
        SourceError: manifest, document or settings cannot be used.
    """
    declared = read_manifest(manifest)
    service = _service(declared.service, str(manifest), environ, client)
    if httpx.URL(service.base_url).netloc.decode() in own:
        # It could ask and vote in a person's name.
        raise SourceError(str(manifest), "service: base_url", f"is the bot's own API; {HINT}")
    document = await _document(declared.service, manifest, client)
    builder = Builder(service=service, document=document, env=declared.service.env, file=str(manifest))
    tools = [builder.build(entry) for entry in declared.tools]
    _check_names(declared, tools, str(manifest))
    return tools


def _service(header: ServiceHeader, file: str, environ: Mapping[str, str], client: httpx.AsyncClient) -> HttpService:
    override = environ.get(header.base_url_env, "") if header.base_url_env else ""
    place = f"service: {header.base_url_env}" if override else "service: base_url"
    base = _allowed(override or header.base_url, header, file, place)
    secret = None
    if header.auth is not None:
        token = environ.get(header.auth.token_env, "")
        if not token:
            raise SourceError(
                file, "service: auth", f"{header.auth.token_env!r} is not set; set it to {header.name}'s token"
            )
        if not token.isascii() or not token.isprintable():
            raise SourceError(
                file, "service: auth", f"{header.auth.token_env!r} holds characters a header cannot carry"
            )
        secret = (header.auth.header, header.auth.prefix + token)
    return HttpService(name=header.name, base_url=base, client=client, secret_header=secret)


def _allowed(url: str, header: ServiceHeader, file: str, place: str) -> str:
    """The URL without its last slash, if the service may be reached there."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise SourceError(file, place, f"{url!r} is no URL; write http://host:port") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.userinfo or parsed.query:
        raise SourceError(file, place, f"{parsed.host!r} must be given as http(s)://host:port, without user or query")
    if parsed.host not in header.egress and parsed.netloc.decode() not in header.egress:
        allowed = ", ".join(header.egress)
        raise SourceError(
            file, place, f"host {parsed.host!r} is not in egress ({allowed}); add it there if it is meant"
        )
    return url.rstrip("/")


async def _document(header: ServiceHeader, manifest: Path, client: httpx.AsyncClient) -> Document:
    if not header.openapi.startswith(("http://", "https://")):
        path = manifest.parent / header.openapi
        try:
            return Document.parse(str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                str(manifest),
                "service: openapi",
                f"{str(path)!r} cannot be read ({type(error).__name__}); check the path",
            ) from None
    url = _allowed(header.openapi, header, str(manifest), "service: openapi")
    fetch = HttpService(name=header.name, base_url=url, client=client)
    try:
        text = await fetch.text(HttpRequest(method="GET", path=""), timeout=DOCUMENT_SECONDS)
    except ToolFailed as error:
        raise SourceError(
            str(manifest), "service: openapi", f"{error}; or save the document beside the manifest and name the file"
        ) from None
    return Document.parse(url, text)


def _check_names(declared: HttpManifest, tools: list[Tool], file: str) -> None:
    """Names are unique, and an undo calls a tool of this file with arguments it has."""
    by_name: dict[str, Tool] = {}
    for tool in tools:
        if tool.name in by_name:
            raise SourceError(file, tool.name, "is declared twice; rename one")
        by_name[tool.name] = tool
    for entry in declared.tools:
        if entry.http.undo is None:
            continue
        place = f"{entry.manifest.name}: http.undo"
        inverse = by_name.get(entry.http.undo.tool)
        if inverse is None or inverse.manifest.tier is Tier.READ:
            raise SourceError(file, place, f"{entry.http.undo.tool!r} is no tool of this file that changes something")
        known = inverse.arguments.model_json_schema()["properties"]
        for name in entry.http.undo.args:
            if name not in known:
                raise SourceError(
                    file, place, f"gives {name!r}, which {inverse.name!r} does not take; it takes {sorted(known)}"
                )
