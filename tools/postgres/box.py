"""The PostgreSQL operator: every tool over one database, through a role of its own."""

from urllib.parse import urlsplit

from tools.contract import Tool
from tools.postgres import (
    advice,
    audits,
    backends,
    backups,
    health,
    indexes,
    limits,
    maintenance,
    passwords,
    rebuilding,
    tables,
    vector_changes,
    vector_copy,
    vectors,
)
from tools.postgres.backups import Backups
from tools.postgres.connection import Operator
from tools.postgres.secret_stores import SecretStore
from tools.sources.errors import SourceError
from tools.sources.python_toolbox import Toolbox


def postgres_tools(
    url: str, *, env: str, bots_url: str, secrets: SecretStore | None = None, dumps: Backups | None = None
) -> list[Tool]:
    """The tools over the database at `url`; without a store for secrets or dumps, those two tools refuse in words.

    Raises:
        SourceError: it is no URL of a PostgreSQL, or it is the bot's own role.
    """
    place = "AUTOPILOT_OPERATOR_DATABASE_URL"
    plain = url.replace("postgresql+asyncpg://", "postgresql://")
    try:
        parts = urlsplit(plain)
        bots = urlsplit(bots_url.replace("postgresql+asyncpg://", "postgresql://"))
    except ValueError:
        raise SourceError(place, "value", "is no URL; write postgresql://role:password@host/database") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise SourceError(place, "value", "is no URL of a PostgreSQL; write postgresql://role:password@host/database")
    if bots.scheme == "postgresql" and (parts.username, parts.netloc.rpartition("@")[2], parts.query) == (
        bots.username,
        bots.netloc.rpartition("@")[2],
        bots.query,
    ):
        raise SourceError(place, "value", "is the bot's own role there; make a role for the operator")
    box = Toolbox("postgres", owner="platform", env=env, egress=(parts.hostname or "localhost",))
    operator = Operator(url=plain)
    for part in (health, tables, advice, audits, vectors):
        part.register(box, operator)
    for part in (backends, maintenance, indexes, rebuilding, limits, vector_changes, vector_copy):
        part.register(box, operator)
    passwords.register(box, operator, secrets)
    backups.register(box, operator, dumps)
    return box.tools()
