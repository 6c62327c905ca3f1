"""A hub without a socket, a database, and workers on both."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from bot.brains.base import Brain
from bot.demo.hub.app import create_app
from bot.demo.hub.messages import Mailbox
from bot.inbox.build import Built, build
from bot.inbox.hub import Hub
from storage.db import Database
from tests import migrated

TENANT = "T0ACME"
TOKEN = "hub-token"
URL = "http://127.0.0.1:8091"

MakeWorker = Callable[..., Built]


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[Database]:
    """The embedded database, for tests that are not about storage."""
    database = Database(f"sqlite:///{migrated.copy_to(tmp_path / 'lite.db')}")
    yield database
    await database.close()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def policy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("policy-cache")


@pytest.fixture
async def make(mailbox: Mailbox, policy_cache: Path) -> AsyncIterator[MakeWorker]:
    """Builds workers on the mailbox's hub, or on another app given as `app`."""
    clients: list[httpx.AsyncClient] = []

    def worker(db: Database, *, brain: Brain | None = None, app: object = None, timeout: float = 6.0) -> Built:
        asgi = app or create_app(mailbox, token=TOKEN)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=asgi))  # type: ignore[arg-type]  # any ASGI app
        clients.append(client)
        hub = Hub(URL, TOKEN, client, timeout=timeout)
        return build(db=db, hub=hub, tenant=TENANT, env="prod", brain=brain, policy_cache=policy_cache)

    yield worker
    for client in clients:
        await client.aclose()
