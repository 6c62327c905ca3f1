"""Every tool of this installation: of manifests, of packages, and over the database that is looked after."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from bot import settings
from bot.packages import packages
from bot.private_files import private_files
from bot.settings import Settings
from bot.tls import tls
from tools.contract import Tool
from tools.registry import Registry
from tools.sources import loading as sources
from tools.sources.errors import SourceError
from tools.sources.loading import Means

if TYPE_CHECKING:  # a bot that looks after no database does not hold its tools
    from tools.postgres.secret_stores import SecretStore

MANIFESTS = Path(__file__).parents[1] / "tools" / "manifests"
SHOP, PRODUCT = MANIFESTS / "shop.yaml", MANIFESTS / "product.yaml"


def manifests(config: Settings) -> tuple[Path, ...]:
    """The configured ones; with none, those of the services whose address is set."""
    here = ((SHOP, config.shop_url), (PRODUCT, config.product_url))
    return config.manifests or tuple(file for file, address in here if address)


async def load_tools(config: Settings, closing: contextlib.AsyncExitStack) -> Registry:
    """Every tool of every configured manifest and package; what they keep open is closed by `closing`."""
    files = manifests(config)
    beside = [*sources.load_packages(packages(config), closing), *operator_tools(config)]
    if not files:
        return Registry(beside)  # no service is called, so no client and no root certificates are held
    from tools.sources.http_client import LIMITS

    plain = httpx.AsyncClient(verify=tls(), limits=LIMITS, follow_redirects=False, trust_env=False)
    client = await closing.enter_async_context(plain)
    own = frozenset(
        {f"127.0.0.1:{config.console_port}", f"localhost:{config.console_port}", urlsplit(config.console).netloc}
    )
    means = Means(
        environ=settings.environment(), client=client, closing=closing, own=own, private=private_files(config)
    )
    return Registry([*await sources.load_tools(files, means), *beside])


def operator_tools(config: Settings) -> list[Tool]:
    """The tools over the database the bot looks after, when there is one."""
    if config.operator_database_url is None:
        return []
    from tools.postgres.backups import Backups
    from tools.postgres.box import postgres_tools

    url, folder = config.operator_database_url.get_secret_value(), config.operator_backups
    return postgres_tools(
        url,
        env=config.env,
        bots_url=config.database,
        secrets=secret_store(config),
        dumps=Backups(folder=folder, programs=config.operator_programs) if folder else None,
    )


def secret_store(config: Settings) -> "SecretStore | None":
    """Where rotated passwords go; None when there is no place for them.

    Raises:
        SourceError: there are two places, or the address is none of a Vault.
    """
    from tools.postgres.secret_stores import SecretFolder
    from tools.postgres.vault import SETTING, Vault

    if not config.operator_vault:
        return SecretFolder(path=config.operator_secrets) if config.operator_secrets else None
    if config.operator_secrets:
        raise SourceError(SETTING, "value", "and AUTOPILOT_OPERATOR_SECRETS are both set; a password has one place")
    token = config.operator_vault_token.get_secret_value() if config.operator_vault_token else ""
    return Vault.at(config.operator_vault, token, lambda: httpx.AsyncClient(verify=tls(), trust_env=False))
