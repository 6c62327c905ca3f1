"""Old delivery keys go a few at a time, so that nobody waits long for the write lock."""

import pytest
import sqlalchemy as sa

from bot.orchestrator import sweeps
from storage import inbox
from storage.clock import now
from storage.db import Database
from storage.tables import inbox as rows


async def test_only_what_is_old_is_forgotten_and_never_much_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    forget = inbox.forget

    async def counted(tx: object, keys: list[tuple[str, str]]) -> None:
        at_once.append(len(keys))
        await forget(tx, keys)  # type: ignore[arg-type]  # a Tx

    monkeypatch.setattr(inbox, "forget", counted)
    monkeypatch.setattr(sweeps, "FORGOTTEN_AT_ONCE", 10)
    async with db.write() as tx:
        for number in range(25):
            await tx.run(rows.insert().values(tenant="T1", key=f"old-{number}", kind="event", at=now() - 8 * 86_400))
        assert await inbox.first_time(tx, "T1", "new", "event")
    await sweeps.forget(db, 7)
    async with db.read() as tx:
        assert (await tx.run(sa.select(rows.c.key))).scalars().all() == ["new"]
    assert at_once == [10, 10, 5]
