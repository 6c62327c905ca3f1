"""Reads: how large tables are, what vacuum owes, which indexes are used, doubled or missing."""

from tools.contract import JsonObject
from tools.postgres.connection import Operator
from tools.sources.python_toolbox import Toolbox

DATABASE = {"kind": "database", "id": "'postgres'"}


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""

    @box.read(
        title="'Listed the largest tables'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        examples=[{"input": {"limit": 10}, "output": {"tables": []}}],
    )
    async def table_sizes(limit: int = 20) -> JsonObject:
        """The largest tables with their indexes, rows, and how many rows came and went since statistics began."""
        async with operator.looking() as db:
            rows = await db.rows(
                """select schemaname as schema, relname as table, pg_total_relation_size(relid)::int8 as bytes,
                     pg_indexes_size(relid)::int8 as index_bytes, n_live_tup as rows, n_tup_ins as inserted,
                     n_tup_upd as updated, n_tup_del as deleted
                   from pg_stat_user_tables order by pg_total_relation_size(relid) desc limit $1""",
                limit,
            )
        return {"tables": list(rows)}

    @box.read(
        title="'Looked what vacuum owes'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        examples=[{"input": {"limit": 10}, "output": {"tables": []}}],
    )
    async def vacuum_debt(limit: int = 20) -> JsonObject:
        """Tables by dead rows: how many, what share, when vacuum and analyze last came, how near wraparound is."""
        async with operator.looking() as db:
            rows = await db.rows(
                """select s.schemaname as schema, s.relname as table, s.n_dead_tup as dead, s.n_live_tup as live,
                     round(100.0 * s.n_dead_tup / nullif(s.n_live_tup + s.n_dead_tup, 0), 1)::float8 as dead_percent,
                     to_json(greatest(s.last_vacuum, s.last_autovacuum))#>>'{}' as vacuumed,
                     to_json(greatest(s.last_analyze, s.last_autoanalyze))#>>'{}' as analyzed,
                     s.n_mod_since_analyze as changed_since, age(c.relfrozenxid)::int8 as xid_age
                   from pg_stat_user_tables s join pg_class c on c.oid = s.relid
                   order by s.n_dead_tup desc, s.relname limit $1""",
                limit,
            )
        return {"tables": list(rows)}

    @box.read(
        title="'Looked at the indexes'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        examples=[{"input": {}, "output": {"unused": [], "duplicate": [], "invalid": [], "missing": []}}],
    )
    async def indexes(min_rows: int = 1000) -> JsonObject:
        """Indexes nobody used, that do what another does, or are broken; tables that are read whole again and again."""
        async with operator.looking() as db:
            unused = await db.rows(
                """select s.schemaname as schema, s.relname as table, s.indexrelname as index,
                     pg_relation_size(s.indexrelid)::int8 as bytes
                   from pg_stat_user_indexes s join pg_index i on i.indexrelid = s.indexrelid
                   where s.idx_scan = 0 and not i.indisunique and i.indisvalid
                   order by pg_relation_size(s.indexrelid) desc limit 50"""
            )
            duplicate = await db.rows(
                """select n.nspname as schema, t.relname as table, a.relname as index, b.relname as same_as
                   from pg_index i join pg_index j on i.indrelid = j.indrelid and i.indexrelid > j.indexrelid
                     and i.indkey::text = j.indkey::text and i.indclass = j.indclass and i.indoption = j.indoption
                     and coalesce(i.indexprs::text, '') = coalesce(j.indexprs::text, '')
                     and coalesce(i.indpred::text, '') = coalesce(j.indpred::text, '')
                   join pg_class a on a.oid = i.indexrelid join pg_class b on b.oid = j.indexrelid
                     and a.relam = b.relam
                   join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
                   where n.nspname not in ('pg_catalog', 'pg_toast') limit 50"""
            )
            invalid = await db.rows(
                """select n.nspname as schema, c.relname as index from pg_index i
                   join pg_class c on c.oid = i.indexrelid
                   join pg_namespace n on n.oid = c.relnamespace
                   where not i.indisvalid limit 50"""
            )
            missing = await db.rows(
                """select schemaname as schema, relname as table, seq_scan as whole_reads, seq_tup_read as rows_read,
                     n_live_tup as rows, coalesce(idx_scan, 0) as index_reads
                   from pg_stat_user_tables
                   where n_live_tup >= $1 and seq_scan > coalesce(idx_scan, 0) and seq_scan > 0
                   order by seq_tup_read desc limit 50""",
                min_rows,
            )
        return {
            "unused": list(unused),
            "duplicate": list(duplicate),
            "invalid": list(invalid),
            "missing": list(missing),
        }

    @indexes.finding
    def indexes_found(seen: JsonObject) -> str:
        counts = {name: len(rows) for name, rows in seen.items() if isinstance(rows, list)}
        return ", ".join(f"{count} {name}" for name, count in counts.items())
