"""What makes many small tests in one process cheaper, and changes nothing that they see."""

import gc
from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine


def share_compiled_statements() -> None:
    """Each test has an engine of its own; engines of one kind take each other's compiled statements.

    SQLAlchemy keeps them for each engine, under the dialect object. A bot has one engine as long as it lives; a test
    run has thousands, and compiled the same statements a fifth of its time.
    """
    for kind in (PGDialect_asyncpg, SQLiteDialect_pysqlite):
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]
    shared: dict[type, Any] = {}
    make = Engine.__init__

    def makes(self: Engine, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        self._compiled_cache = shared.setdefault(type(self.dialect), self._compiled_cache)

    Engine.__init__ = makes  # type: ignore[method-assign]


def collect_rarely() -> None:
    """What is there when all tests are collected stays to the end, so the collector need not walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
