"""Reads: who may do what without being asked, which connections are encrypted, what the logs say."""

from tools.contract import JsonObject
from tools.postgres.connection import Operator
from tools.postgres.names import shape
from tools.sources.python_toolbox import Toolbox

DATABASE = {"kind": "database", "id": "'postgres'"}


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""

    @box.read(
        title="'Looked at encryption of connections'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        sensitivity="confidential",
        examples=[{"input": {}, "output": {"tls": False, "plain": 0, "encrypted": 1}}],
    )
    async def tls() -> JsonObject:
        """Whether TLS is on, how many connections use it and which roles come over the network without it."""
        async with operator.looking() as db:
            seen = await db.row("""
                select current_setting('ssl') = 'on' as tls, current_setting('password_encryption') as passwords,
                  count(*) filter (where s.ssl)::int8 as encrypted,
                  count(*) filter (where not s.ssl and a.client_addr is not null)::int8 as plain,
                  count(*) filter (where a.client_addr is null)::int8 as local
                from pg_stat_ssl s join pg_stat_activity a using (pid) where a.backend_type = 'client backend'""")
            roles = await db.rows("""
                select distinct a.usename as role from pg_stat_ssl s join pg_stat_activity a using (pid)
                where not s.ssl and a.client_addr is not null and a.usename is not null order by 1 limit 50""")
        return {**(seen or {}), "plain_roles": [row["role"] for row in roles]}

    @box.read(
        title="'Looked what everybody may do'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        sensitivity="confidential",
        examples=[{"input": {}, "output": {"schemas": [], "tables": [], "functions": []}}],
    )
    async def public_access() -> JsonObject:
        """Schemas everybody may create in, tables everybody may read, functions that run with their owner's rights."""
        async with operator.looking() as db:
            schemas = await db.rows("""
                select nspname as schema from pg_namespace
                where nspname !~ '^pg_' and nspname <> 'information_schema'
                  and exists (select from aclexplode(nspacl) where grantee = 0 and privilege_type = 'CREATE')
                order by 1 limit 100""")
            tables = await db.rows("""
                select n.nspname as schema, c.relname as table, array_agg(distinct a.privilege_type) as rights
                from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) a
                where a.grantee = 0 and c.relkind in ('r', 'v', 'm', 'p') and n.nspname !~ '^pg_'
                  and n.nspname <> 'information_schema'
                  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
                group by 1, 2 order by 1, 2 limit 100""")
            functions = await db.rows("""
                select n.nspname as schema, p.proname as function, pg_get_userbyid(p.proowner) as owner
                from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                where p.prosecdef and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                order by 1, 2 limit 100""")
        return {"schemas": list(schemas), "tables": list(tables), "functions": list(functions)}

    @box.read(
        title="'Read the log of the database'",
        target=DATABASE,
        idempotent=True,
        sensitivity="confidential",
        bounds={"limit": {"min": 1, "max": 500}},
        examples=[{"input": {"limit": 20}, "output": {"note": "", "lines": []}}],
    )
    async def logs(limit: int = 100, level: str = "") -> JsonObject:
        """The newest lines of the server's log, without the values in them; says when it cannot be read from here."""
        async with operator.looking() as db:
            where = await db.row(
                "select pg_current_logfile() as file, current_setting('logging_collector') as collects"
            )
            file = where and where["file"]
            if not file:
                note = "the server keeps no log file of its own (logging_collector is off); look where its stderr goes"
                return {"file": None, "note": note, "lines": []}
            found = await db.row(
                """select pg_read_file($1, greatest(0, (pg_stat_file($1)).size - 200000), 200000, true) as text""",
                str(file),
            )
        wanted = [line for line in str((found or {}).get("text") or "").splitlines() if level in line]
        return {"file": file, "note": "", "lines": [shape(line) for line in wanted[-limit:]]}

    @logs.finding
    def logged(seen: JsonObject) -> str:
        lines = seen["lines"]
        return str(seen["note"]) or f"{len(lines) if isinstance(lines, list) else 0} lines"
