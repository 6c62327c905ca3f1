"""The PostgreSQL operator: every tool over one database, through a role of its own."""

from urllib.parse import urlsplit

from tools.contract import Tool
from tools.postgres import backends, health, indexes, maintenance, rebuilding, tables
from tools.postgres.connection import Operator
from tools.sources.errors import SourceError
from tools.sources.python_toolbox import Toolbox


def postgres_tools(url: str, *, env: str, bots_url: str) -> list[Tool]:
    """The tools over the database at `url`.

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
    for part in (health, tables, backends, maintenance, indexes, rebuilding):
        part.register(box, operator)
    return box.tools()
