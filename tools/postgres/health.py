"""Reads: how the database is, who waits for whom, what is slow, how it is set."""

from pydantic import JsonValue

from tools.contract import JsonObject, ToolFailed
from tools.postgres.connection import Operator, Session
from tools.postgres.extensions import Extension, NoExtension, extension
from tools.postgres.names import quoted, shape
from tools.sources.python_toolbox import Toolbox

DATABASE = {"kind": "database", "id": "'postgres'"}
ACTIVITY = """
select pid, to_json(backend_start)#>>'{}' as backend_start, coalesce(usename, '') as role,
       coalesce(application_name, '') as application, coalesce(state, '') as state,
       coalesce(wait_event_type || ': ' || wait_event, '') as waits_for,
       coalesce(extract(epoch from now() - query_start), 0)::int8 as seconds,
       coalesce(extract(epoch from now() - xact_start), 0)::int8 as transaction_seconds,
       pg_blocking_pids(pid)::int8[] as blocked_by, query
from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()
"""


def register(box: Toolbox, operator: Operator) -> None:  # noqa: PLR0915 - one function for each tool
    """Add the tools."""

    @box.read(
        title="'Checked the database'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        examples=[{"input": {}, "output": {"connections": 1, "max_connections": 100, "cache_hit_percent": 99.0}}],
    )
    async def status() -> JsonObject:
        """How the database is: connections, cache hits, checkpoints, replication, age of the oldest transaction."""
        async with operator.looking() as db:
            seen = await db.row("""
                select current_setting('server_version') as version, pg_is_in_recovery() as standby,
                  extract(epoch from now() - pg_postmaster_start_time())::int8 as up_seconds,
                  (select count(*) from pg_stat_activity where backend_type = 'client backend')::int8 as connections,
                  current_setting('max_connections')::int8 as max_connections,
                  (select count(*) from pg_stat_activity
                    where state = 'idle in transaction')::int8 as idle_in_transaction,
                  (select coalesce(max(extract(epoch from now() - xact_start)), 0) from pg_stat_activity
                    where backend_type = 'client backend' and pid <> pg_backend_pid())::int8
                    as oldest_transaction_seconds,
                  round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2)::float8 as cache_hit_percent,
                  xact_commit as commits, xact_rollback as rollbacks, deadlocks, temp_bytes,
                  pg_database_size(current_database())::int8 as bytes,
                  (select age(datfrozenxid) from pg_database where datname = current_database())::int8 as xid_age
                from pg_stat_database where datname = current_database()""")
            checkpoints = await _checkpoints(db)
            replicas = await db.rows("""
                select coalesce(application_name, '') as name, state,
                  coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::int8 as behind_bytes
                from pg_stat_replication where not pg_is_in_recovery()""")
        return {**(seen or {}), "checkpoints": checkpoints, "replicas": list(replicas)}

    @status.finding
    def status_found(seen: JsonObject) -> str:
        hits = f"{seen['cache_hit_percent']} % from cache" if seen["cache_hit_percent"] is not None else "no reads yet"
        return f"{seen['connections']} of {seen['max_connections']} connections, {hits}, {seen['deadlocks']} deadlocks"

    @box.read(
        title="'Listed who is at work in the database'",
        target=DATABASE,
        idempotent=True,
        trusted_fields=("backends[].pid", "backends[].backend_start"),
        sensitivity="confidential",
        examples=[{"input": {"longer_than_seconds": 0}, "output": {"backends": []}}],
    )
    async def activity(longer_than_seconds: int = 0) -> JsonObject:
        """Who is connected and does what, longest first, without the values in their statements."""
        async with operator.looking() as db:
            rows = await db.rows(f"{ACTIVITY} order by query_start nulls last limit 200")
        kept = [_shown(row) for row in rows if int(str(row["seconds"])) >= longer_than_seconds]
        return {"backends": list(kept)}

    @activity.finding
    def activity_found(seen: JsonObject) -> str:
        return f"{_count(seen['backends'])} connections"

    @box.read(
        title="'Looked who blocks whom'",
        target=DATABASE,
        idempotent=True,
        trusted_fields=(
            *("waiting[].pid", "waiting[].backend_start"),
            *("blockers[].pid", "blockers[].backend_start"),
        ),
        sensitivity="confidential",
        examples=[{"input": {}, "output": {"waiting": [], "blockers": []}}],
    )
    async def locks() -> JsonObject:
        """Who waits for a lock, who holds it, and who is at the root. Use it when something hangs."""
        async with operator.looking() as db:
            rows = await db.rows(f"{ACTIVITY} limit 1000")
        waiting = [row for row in rows if row["blocked_by"]]
        holders = {pid for row in waiting if isinstance(row["blocked_by"], list) for pid in row["blocked_by"]}
        blocked = {row["pid"] for row in waiting}
        roots = [_shown(row) for row in rows if row["pid"] in holders - blocked]
        return {"waiting": [_shown(row) for row in waiting], "blockers": list(roots)}

    @locks.finding
    def locks_found(seen: JsonObject) -> str:
        if not seen["waiting"]:
            return "nobody waits for a lock"
        assert isinstance(seen["blockers"], list)
        roots = ", ".join(f"pid {one['pid']} ({one['state']})" for one in seen["blockers"] if isinstance(one, dict))
        return f"{_count(seen['waiting'])} wait; at the root: {roots}"

    @box.read(
        title="'Looked for slow queries'",
        target=DATABASE,
        idempotent=True,
        sensitivity="confidential",
        examples=[{"input": {"limit": 5}, "output": {"from": "pg_stat_activity", "note": "", "queries": []}}],
    )
    async def slow_queries(limit: int = 10) -> JsonObject:
        """The statements that take most time: of all times with pg_stat_statements, else those that run now."""
        async with operator.looking() as db:
            where = await extension(db, "pg_stat_statements")
            if isinstance(where, Extension):
                source = quoted(where.schema, "pg_stat_statements")
                try:
                    rows = await db.rows(
                        f"""select query, calls, round(total_exec_time)::int8 as total_ms, rows,
                              round(mean_exec_time::numeric, 2)::float8 as mean_ms
                            from {source} order by total_exec_time desc limit $1""",  # noqa: S608 - a quoted name
                        limit,
                    )
                    return {"from": "pg_stat_statements", "note": "", "queries": [_shown(row) for row in rows]}
                except ToolFailed as error:  # made, and not loaded at the server's start
                    where = NoExtension(why=f"pg_stat_statements cannot be read: {error}")
            rows = await db.rows(f"{ACTIVITY} and state = 'active' order by query_start limit $1", limit)
        note = f"{where.why}, so these are only the statements that run at this moment"
        return {"from": "pg_stat_activity", "note": note, "queries": [_shown(row) for row in rows]}

    @slow_queries.finding
    def slow_found(seen: JsonObject) -> str:
        return f"{_count(seen['queries'])} statements from {seen['from']}"

    @box.read(
        title="'Looked at the settings of the database'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        examples=[{"input": {"like": "work_mem"}, "output": {"settings": [{"name": "work_mem", "value": "4MB"}]}}],
    )
    async def settings(like: str = "") -> JsonObject:
        """Settings whose name holds a word, or, without one, those that are not the default."""
        async with operator.looking() as db:
            rows = await db.rows(
                """select name, current_setting(name) as value, boot_val as default, source, pending_restart
                   from pg_settings
                   where case when $1 = '' then source not in ('default', 'override', 'client') and source <> 'session'
                              else position($1 in name) > 0 end
                     and name not like '%passphrase%' and name not in ('primary_conninfo', 'ssl_passphrase_command')
                   order by name limit 200""",
                like,
            )
        return {"settings": list(rows)}

    @box.read(
        title="'Looked at the roles of the database'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        sensitivity="confidential",
        examples=[{"input": {}, "output": {"tls": False, "roles": [{"name": "postgres", "superuser": True}]}}],
    )
    async def roles() -> JsonObject:
        """Who may log in, who is superuser, whose password ends when, and whether TLS is on."""
        async with operator.looking() as db:
            found = await db.rows("""
                select rolname as name, rolsuper as superuser, rolcreaterole as creates_roles,
                  rolreplication as replicates,
                  rolbypassrls as bypasses_rls, rolconnlimit::int8 as connection_limit,
                  to_json(rolvaliduntil)#>>'{}' as valid_until
                from pg_roles where rolcanlogin order by rolname limit 500""")
            tls = await db.row("select current_setting('ssl') = 'on' as tls")
        return {"tls": bool(tls and tls["tls"]), "roles": list(found)}

    @roles.finding
    def roles_found(seen: JsonObject) -> str:
        assert isinstance(seen["roles"], list)
        supers = [one["name"] for one in seen["roles"] if isinstance(one, dict) and one["superuser"]]
        tls = "on" if seen["tls"] else "off"
        return f"{_count(seen['roles'])} roles may log in, {len(supers)} of them superusers; TLS {tls}"


async def _checkpoints(db: Session) -> JsonObject | None:
    """What checkpoints cost; before PostgreSQL 17 the background writer counted them."""
    new = await db.row("select to_regclass('pg_catalog.pg_stat_checkpointer') is not null as there")
    if new and new["there"]:
        return await db.row("""
            select num_timed as timed, num_requested as requested, write_time::int8 as write_ms,
              sync_time::int8 as sync_ms from pg_stat_checkpointer""")
    return await db.row("""
        select checkpoints_timed as timed, checkpoints_req as requested, checkpoint_write_time::int8 as write_ms,
          checkpoint_sync_time::int8 as sync_ms from pg_stat_bgwriter""")


async def backend_of(operator: Operator, pid: int, backend_start: str) -> JsonObject:
    """One connection as it is now.

    Raises:
        ToolFailed: there is no such connection of a client any more.
    """
    async with operator.looking() as db:
        found = await db.row(f"{ACTIVITY} and pid = $1 and to_json(backend_start)#>>'{{}}' = $2", pid, backend_start)
    if found is None:
        says = f"connection {pid} of {backend_start} is gone, or none of a client; look at postgres.activity again"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return _shown(found)


def _shown(row: JsonObject) -> JsonObject:
    return {**row, "query": shape(str(row["query"]))}


def _count(value: JsonValue) -> int:
    return len(value) if isinstance(value, list) else 0
