"""A migrated PostgreSQL database that tests take one after the other: to make one takes half a second, to wipe one five
milliseconds, over a connection that stays: a new one reads the whole catalogue again, which takes twenty.
"""

import asyncio
import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import asyncpg
from sqlalchemy.engine import make_url

_KEPT = "alembic_version"
_numbers = itertools.count()
_SHAPE = """
select md5(concat(
  (select string_agg(c::text, ',' order by oid) from (
     select oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, reloptions, relnatts
     from pg_class where oid >= 16384 and relkind <> 't') c),
  (select string_agg(a::text, ',' order by attrelid, attnum) from (
     select attrelid, attnum, attname, atttypid, attnotnull, attisdropped from pg_attribute where attrelid >= 16384) a),
  (select string_agg(t::text, ',' order by oid) from (select oid, tgname, tgenabled from pg_trigger) t),
  (select string_agg(p::text, ',' order by oid) from (select oid, proname, prosrc from pg_proc where oid >= 16384) p),
  (select string_agg(p::text, ',' order by oid) from (select oid, polname, polqual::text from pg_policy) p),
  (select string_agg(c::text, ',' order by oid) from (select oid, conname, convalidated from pg_constraint) c),
  (select setconfig::text from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
     where d.datname = current_database()),
  (select version_num from alembic_version)))
"""
"""all that a test may change besides rows; the first id of an object that is not PostgreSQL's own is 16384"""
_ALONE = """
select pg_terminate_backend(pid, 10000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
_WIPE = """
set session_replication_role = replica;  -- triggers that keep the record from being deleted stay silent for a replica
do $$ declare name text; begin
  for name in select relname from pg_stat_user_tables where relname <> 'alembic_version' loop
    execute format('delete from %I', name);
  end loop;
end $$;
select setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences;
"""


@dataclass
class Reused:
    """Databases copied from one template, one at a time; for one process of tests."""

    server: str
    """URL of the server, as its superuser"""
    template: str
    owner: str
    _name: str = ""
    _shape: str = ""
    _kept: asyncpg.Connection | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _loop: asyncio.Runner = field(default_factory=asyncio.Runner)
    """only in that thread: each test has a loop of its own, and a connection stays with one"""

    async def fresh(self) -> str:
        """The URL of a database as the template is, whatever tests did with the one before; for its owner."""
        return await asyncio.wrap_future(self._thread.submit(self._loop.run, self._fresh()))

    def close(self) -> None:
        """Leave the server."""
        self._thread.submit(self._loop.run, self._leave()).result()
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()

    async def _fresh(self) -> str:
        if not (self._name and await self._wiped()):
            await self._make()
        return make_url(self.server).set(database=self._name, username=self.owner).render_as_string(hide_password=False)

    async def _wiped(self) -> bool:
        """False when it no longer has the template's shape."""
        try:
            conn = self._kept = self._kept or await self._connect(self._name)
            await conn.execute(_ALONE)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # a test ended it, or the database
            await self._leave()
            return False
        if await conn.fetchval(_SHAPE) != self._shape:
            return False
        await conn.execute(_WIPE)
        return True

    async def _leave(self) -> None:
        if self._kept is not None:
            await self._kept.close()
            self._kept = None

    async def _make(self) -> None:
        await self._leave()
        conn = await self._connect("postgres")
        try:
            if self._name:
                await conn.execute(f"drop database {self._name} with (force)")
            self._name = f"reused_{os.getpid()}_{next(_numbers)}"
            made = f"create database {self._name} template {self.template} strategy file_copy owner {self.owner}"
            await conn.execute(made)
        finally:
            await conn.close()
        conn = await self._connect(self._name)
        try:
            self._shape = await conn.fetchval(_SHAPE)
            for (table,) in await conn.fetch("select relname from pg_stat_user_tables"):
                assert table == _KEPT or await conn.fetch(f"table {table}") == [], f"rows of {table} would be lost"
        finally:
            await conn.close()

    async def _connect(self, database: str) -> asyncpg.Connection:
        url = make_url(self.server).set(database=database, drivername="postgresql")
        return await asyncpg.connect(url.render_as_string(hide_password=False))
