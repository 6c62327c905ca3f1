"""The read that proves an index before it is built: which statement lacks one, what it costs, what it would cost."""

import math
import re

from tools.contract import JsonObject, ToolFailed
from tools.postgres.connection import Operator, Session
from tools.postgres.extensions import Extension, NoExtension, extension
from tools.postgres.names import quoted, shape
from tools.sources.python_toolbox import Toolbox

DATABASE = {"kind": "database", "id": "'postgres'"}
BY_PLANNER = "by the planner, with a hypothetical index (hypopg)"
MOST = 10
"""candidates of one answer"""
STATEMENTS = """
select distinct query from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid() and query <> '' limit 500
"""
TABLES = """
select s.schemaname as schema, s.relname as table, c.oid::int8 as oid, greatest(c.reltuples, 0)::int8 as rows,
  c.relpages::int8 as pages, s.seq_scan as whole_reads, s.seq_tup_read as rows_read
from pg_stat_user_tables s join pg_class c on c.oid = s.relid
where greatest(c.reltuples, s.n_live_tup) >= $1 and s.seq_scan > 0 order by s.seq_tup_read desc limit 20
"""
COLUMNS = """
select a.attname::text as name,
  exists(select from pg_index i where i.indrelid = a.attrelid and i.indisvalid and i.indkey[0] = a.attnum) as indexed,
  coalesce((select n_distinct from pg_stats p
            where p.schemaname = $1 and p.tablename = $2 and p.attname = a.attname), 0)::float8 as distinct_values
from pg_attribute a where a.attrelid = $3 and a.attnum > 0 and not a.attisdropped
"""
COSTS = """
select current_setting('random_page_cost')::float8 as page, current_setting('cpu_tuple_cost')::float8 as row,
  current_setting('cpu_index_tuple_cost')::float8 as entry, current_setting('seq_page_cost')::float8 as seq
"""


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tool."""

    @box.read(
        title="'Looked which index is missing'",
        target=DATABASE,
        idempotent=True,
        sensitivity="confidential",
        trusted_fields=("candidates[].schema", "candidates[].table", "candidates[].column"),
        examples=[{"input": {"min_rows": 1000}, "output": {"candidates": [], "note": ""}}],
    )
    async def index_candidates(min_rows: int = 1000) -> JsonObject:
        """Statements that read a large table whole for one column's value, the cost now, and with an index there."""
        async with operator.looking() as db:
            source, statements = await _statements(db)
            thinks = await extension(db, "hypopg")
            found: list[JsonObject] = []
            for table in await db.rows(TABLES, min_rows):
                found += await _of_table(db, table, statements, thinks)
        found.sort(key=lambda one: float(str(one["cost_now"])) / float(str(one["cost_with_index"])), reverse=True)
        how = f"from the table's statistics: {thinks.why}" if isinstance(thinks, NoExtension) else BY_PLANNER
        how = how if found else ""
        return {"candidates": list(found[:MOST]), "statements_from": source, "note": how}

    @index_candidates.finding
    def advised(seen: JsonObject) -> str:
        candidates = seen["candidates"]
        if not isinstance(candidates, list) or not candidates:
            return "no statement lacks an index"
        first = candidates[0]
        assert isinstance(first, dict)
        return (
            f"{first['table']}.{first['column']}: cost {first['cost_now']} now, about {first['cost_with_index']} with"
        )


async def _statements(db: Session) -> tuple[str, list[str]]:
    where = await extension(db, "pg_stat_statements")
    now = [shape(str(row["query"])) for row in await db.rows(STATEMENTS)]
    if isinstance(where, NoExtension):
        return "pg_stat_activity", now
    source = quoted(where.schema, "pg_stat_statements")
    try:
        kept = await db.rows(f"select query from {source} order by total_exec_time desc limit 200")  # noqa: S608 - quoted
    except ToolFailed:  # it was made and never loaded
        return "pg_stat_activity", now
    return "pg_stat_statements", [*(shape(str(row["query"])) for row in kept), *now]


async def _of_table(
    db: Session, table: JsonObject, statements: list[str], thinks: Extension | NoExtension
) -> list[JsonObject]:
    schema, name = str(table["schema"]), str(table["table"])
    asking = [one for one in statements if re.search(rf"\b{re.escape(name)}\b", one)]
    out: list[JsonObject] = []
    for column in await db.rows(COLUMNS, schema, name, int(str(table["oid"]))) if asking else []:
        statement = next((one for one in asking if looks_up(one, str(column["name"]))), None)
        if statement is None or column["indexed"]:
            continue
        plan, cost = await _cost_now(db, schema, name, str(column["name"]))
        out.append(
            {
                "schema": schema,
                "table": name,
                "column": column["name"],
                "statement": statement,
                "rows": table["rows"],
                "whole_reads": table["whole_reads"],
                "plan_now": plan,
                "cost_now": cost,
                "cost_with_index": await _cost_with(db, table, column, thinks),
            }
        )
    return out


def looks_up(statement: str, column: str) -> bool:
    """Pure: whether a statement looks for one value of the column. What an update sets it to is no look-up."""
    _, _, condition = re.sub(r"\s+", " ", statement.lower()).partition(" where ")
    return re.search(rf'\b{re.escape(column.lower())}"?\s*=\s*(?:\$|\?)', condition) is not None


async def _cost_with(db: Session, table: JsonObject, column: JsonObject, thinks: Extension | NoExtension) -> float:
    """By the planner, where hypopg lets it think of an index that is not there; else from the statistics."""
    schema, name, on = str(table["schema"]), str(table["table"]), str(column["name"])
    if isinstance(thinks, Extension):
        try:
            index = f"create index on {quoted(schema, name)} ({quoted(on)})"
            await db.rows(f"select {quoted(thinks.schema, 'hypopg_create_index')}($1)", index)
            try:
                plan, cost = await _cost_now(db, schema, name, on)
            finally:
                await db.rows(f"select {quoted(thinks.schema, 'hypopg_reset')}()")
            if "Seq" not in plan and cost > 0:
                return cost
        except ToolFailed:  # what hypopg cannot do here, the statistics can
            pass
    return await hypothetical(db, int(str(table["rows"])), float(str(column["distinct_values"])))


async def _cost_now(db: Session, schema: str, table: str, column: str) -> tuple[str, float]:
    # A bare parameter of a generic plan would do, too; this needs no value and runs nothing.
    whole = quoted(schema, table)
    try:
        rows = await db.rows(
            f"explain select * from {whole} where {quoted(column)} = (select x.{quoted(column)} from {whole} x limit 1)"  # noqa: S608 - quoted names
        )
    except ToolFailed:  # the operator may not read the table
        return "not known", 0.0
    lines = [str(next(iter(row.values()))) for row in rows]
    scan = next((line.strip(" ->") for line in lines if " Scan" in line), "")
    return scan.partition(" on ")[0], float(lines[0].partition("..")[2].partition(" ")[0])


async def hypothetical(db: Session, rows: int, distinct: float) -> float:
    """What a look-up by one value would cost with an index, in the planner's unit, from its own constants.

    The tree's pages, then one page and one row for each row that fits; n_distinct below 0 is a share of the rows.
    """
    costs = await db.row(COSTS)
    assert costs is not None
    values = distinct if distinct > 0 else -distinct * rows
    fitting = max(1.0, rows / values) if values else max(1.0, rows * 0.005)  # 0.5 %: what the planner assumes
    tree = max(1.0, math.ceil(math.log(max(rows, 2), 256)))
    page, row, entry = (float(str(costs[name])) for name in ("page", "row", "entry"))
    return round(tree * page + fitting * (page + row + entry), 1)
