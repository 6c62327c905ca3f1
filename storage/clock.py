"""The database's clock as an SQL expression: replicas' clocks may differ, so only this one counts."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class now(FunctionElement[float]):
    """Seconds since the epoch, UTC, by the database's clock."""

    type = sa.Double()
    inherit_cache = True


@compiles(now, "postgresql")
def _postgresql(_element: now, _compiler: Any, **_kw: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


@compiles(now, "sqlite")
def _sqlite(_element: now, _compiler: Any, **_kw: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"
