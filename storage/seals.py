"""A second copy of every sealed call, which shows what an altered one was.

The database lets nobody change or delete it; an erasure empties it together with the call.
"""

import sqlalchemy as sa

from storage.db import Tx
from storage.inserts import insert_new
from storage.tables import seals


async def keep(tx: Tx, *, tenant: str, proposal_id: str, sealed: str) -> None:
    """Keep the bytes that this id is the SHA-256 of."""
    await tx.run(insert_new(tx, seals).values(tenant=tenant, id=proposal_id, sealed=sealed))


async def find(tx: Tx, tenant: str, proposal_id: str) -> str:
    """The copy, or "" when there is none; whoever reads it checks it against the id."""
    query = sa.select(seals.c.sealed).where(seals.c.tenant == tenant, seals.c.id == proposal_id)
    return (await tx.run(query)).scalar_one_or_none() or ""
