"""What makes many small tests in one process cheaper, and changes nothing that they see."""

import gc
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine

from policy import trial
from policy.cedar import DEFAULT_RULES
from policy.lexer import SourceRule


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


def print_tracebacks_plainly() -> None:
    """As the bot does: with rich, which structlog takes where it is, a logged exception costs seven seconds.

    rich shows the local variables of each frame, and ours hold whole worlds.
    """
    *before, _ = structlog.get_config()["processors"]
    structlog.configure(
        processors=[*before, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )


def try_shipped_rules_once() -> None:
    """The rules we ship are parsed in a child first, as any; once in a process of tests, not at each of its starts.

    Other rules are tried each time.
    """
    real, survived = trial._try_in_child, set[str]()

    def tries(texts: str, rules: Sequence[SourceRule]) -> None:
        if texts not in survived:
            real(texts, rules)
            if all(rule.file.parent == DEFAULT_RULES for rule in rules):
                survived.add(texts)

    trial._try_in_child = tries


def collect_rarely() -> None:
    """What is there when all tests are collected stays to the end, so the collector need not walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
