"""Vector columns (pgvector): what there is, nearest neighbours, and how good an index finds them."""

import math
import time
from statistics import median
from typing import Annotated, Literal

from pydantic import Field

from tools.contract import JsonObject, ToolFailed
from tools.postgres.connection import Operator, Session
from tools.postgres.names import Name, quoted
from tools.sources.python_toolbox import Toolbox

DATABASE = {"kind": "database", "id": "'postgres'"}
COLUMN = {"kind": "table", "id": "args.schema_name + '.' + args.table"}
Metric = Literal["cosine", "l2", "inner_product"]
OPERATORS = {"cosine": "<=>", "l2": "<->", "inner_product": "<#>"}
CLASSES = {"cosine": "vector_cosine_ops", "l2": "vector_l2_ops", "inner_product": "vector_ip_ops"}
Vector = Annotated[list[float], Field(min_length=1, max_length=4096)]
EfSearch = Annotated[int, Field(ge=1, le=1000)]
COLUMNS = """
select n.nspname as schema, c.relname as table, a.attname::text as column, a.atttypmod as dimensions,
  c.reltuples::int8 as rows, pg_total_relation_size(c.oid)::int8 as bytes,
  array(select i.relname || ': ' || pg_get_indexdef(i.oid) from pg_index x join pg_class i on i.oid = x.indexrelid
        join pg_am m on m.oid = i.relam
        where x.indrelid = c.oid and a.attnum = any(x.indkey) and m.amname in ('hnsw', 'ivfflat')) as indexes,
  exists(select from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
         where x.indrelid = c.oid and a.attnum = any(x.indkey) and m.amname in ('hnsw', 'ivfflat') and x.indisvalid)
    as indexed
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_type t on t.oid = a.atttypid
where t.typname = 'vector' and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'm')
"""


def written(vector: list[float]) -> str:
    """The vector as pgvector reads it.

    Raises:
        ToolFailed: a part is no finite number.
    """
    if not all(math.isfinite(part) for part in vector):
        raise ToolFailed("a part of the vector is no finite number", effect_possible=False, reason="refused")
    return "[" + ",".join(repr(float(part)) for part in vector) + "]"


async def extension(db: Session) -> str:
    """The schema pgvector lives in.

    Raises:
        ToolFailed: it is not installed here.
    """
    where = await db.row("""
        select n.nspname as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace
        where e.extname = 'vector'""")
    if where is None:
        says = "pgvector is not installed in this database; the owner can add it with 'create extension vector'"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return str(where["schema"])


async def column_now(db: Session, schema_name: str, table: str, column: str) -> JsonObject:
    """One vector column.

    Raises:
        ToolFailed: there is none of this name.
    """
    found = await db.row(
        f"{COLUMNS} and n.nspname = $1 and c.relname = $2 and a.attname = $3", schema_name, table, column
    )
    if found is None:
        says = f"no vector column {column!r} in {schema_name}.{table}; look at postgres.vector_columns"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return found


def distance(schema: str, metric: Metric) -> str:
    """The operator, wherever the extension lives."""
    return f"operator({quoted(schema)}.{OPERATORS[metric]})"


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""

    @box.read(
        title="'Listed vector columns'",
        target=DATABASE,
        trusted_output=True,
        idempotent=True,
        examples=[{"input": {}, "output": {"installed": False, "columns": []}}],
    )
    async def vector_columns() -> JsonObject:
        """Vector columns with dimensions, rows and their HNSW or IVFFlat indexes; says when pgvector is missing."""
        async with operator.looking() as db:
            there = await db.row("select extversion as version from pg_extension where extname = 'vector'")
            rows = [] if there is None else await db.rows(f"{COLUMNS} order by 1, 2, 3 limit 100")
        return {"installed": there is not None, "version": there and there["version"], "columns": list(rows)}

    @box.read(
        title="'Searched ' + args.table + ' for neighbours'",
        target=COLUMN,
        idempotent=True,
        sensitivity="confidential",
        bounds={"limit": {"min": 1, "max": 100}},
    )
    async def vector_search(
        schema_name: Name,
        table: Name,
        column: Name,
        vector: Vector,
        metric: Metric = "cosine",
        limit: int = 10,
        ef_search: EfSearch = 40,
    ) -> JsonObject:
        """The rows nearest to a vector: their primary key as text, and the distance. Nothing else of a row is read."""
        async with operator.looking() as db:
            schema = await extension(db)
            await column_now(db, schema_name, table, column)
            key = await _key(db, schema_name, table)
            await db.setting("hnsw.ef_search", str(ef_search))
            rows = await db.rows(_nearest(schema, schema_name, table, column, key, metric), written(vector), limit)
        return {"neighbours": list(rows)}

    @box.read(
        title="'Measured how well ' + args.table + ' is searched'",
        target=COLUMN,
        trusted_output=True,
        idempotent=True,
        timeout_seconds=25,
        rate_per_hour=20,
        bounds={"queries": {"min": 1, "max": 50}, "k": {"min": 1, "max": 100}},
    )
    async def vector_benchmark(
        schema_name: Name,
        table: Name,
        column: Name,
        metric: Metric = "cosine",
        queries: int = 20,
        k: int = 10,
        ef_search: EfSearch = 40,
    ) -> JsonObject:
        """recall@k of the index against the exact answer, and how long both take, with rows of the table as queries."""
        async with operator.looking() as db:
            schema = await extension(db)
            seen = await column_now(db, schema_name, table, column)
            key = await _key(db, schema_name, table)
            await db.setting("hnsw.ef_search", str(ef_search))
            whole = quoted(schema_name, table)
            asked = await db.rows(
                f"select {quoted(column)}::text as vector from {whole} where {quoted(column)} is not null "  # noqa: S608 - quoted names
                f"order by md5({quoted(key)}::text) limit $1",
                queries,
            )
            statement = _nearest(schema, schema_name, table, column, key, metric)
            found, exact = [], []
            for one in asked:
                await db.setting("enable_indexscan", "on")
                found.append(await _timed(db, statement, str(one["vector"]), k))
                await db.setting("enable_indexscan", "off")
                exact.append(await _timed(db, statement, str(one["vector"]), k))
        if not asked:
            raise ToolFailed(f"{table!r} holds no vectors to search with", effect_possible=False, reason="refused")
        shares = [len(f[0] & e[0]) / len(e[0]) for f, e in zip(found, exact, strict=True) if e[0]]
        return {
            "recall_at_k": round(sum(shares) / len(shares), 4),
            "k": k,
            "queries": len(asked),
            "ef_search": ef_search,
            "index_ms": round(median(f[1] for f in found), 2),
            "exact_ms": round(median(e[1] for e in exact), 2),
            "indexed": seen["indexed"],
        }

    @vector_benchmark.finding
    def measured(seen: JsonObject) -> str:
        return f"recall@{seen['k']} {seen['recall_at_k']}, {seen['index_ms']} ms against {seen['exact_ms']} ms exact"


def _nearest(schema: str, schema_name: str, table: str, column: str, key: str, metric: Metric) -> str:
    by = f"{quoted(column)} {distance(schema, metric)} $1::text::{quoted(schema)}.vector"
    whole = quoted(schema_name, table)
    return f"select {quoted(key)}::text as id, ({by})::float8 as distance from {whole} order by {by} limit $2"  # noqa: S608 - quoted names


async def _timed(db: Session, statement: str, vector: str, k: int) -> tuple[set[str], float]:
    began = time.perf_counter()
    rows = await db.rows(statement, vector, k)
    return {str(row["id"]) for row in rows}, (time.perf_counter() - began) * 1000


async def _key(db: Session, schema_name: str, table: str) -> str:
    """The one column of the primary key.

    Raises:
        ToolFailed: there is none, or it has several.
    """
    rows = await db.rows(
        """select a.attname::text as name from pg_index i join pg_class c on c.oid = i.indrelid
             join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
           where i.indisprimary and n.nspname = $1 and c.relname = $2""",
        schema_name,
        table,
    )
    if len(rows) != 1:
        says = f"{schema_name}.{table} has no primary key of one column, by which rows could be named"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return str(rows[0]["name"])
