"""Changes of vector columns (pgvector): build, drop and tune HNSW indexes, insert many rows at once."""

from typing import Annotated

from pydantic import Field

from tools.contract import Change, Counted, Held, Impact, InverseCall, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import Operator
from tools.postgres.indexes import BUILD_SECONDS, LOCK, SWEEP_SECONDS, swept
from tools.postgres.maintenance import number, too_long
from tools.postgres.names import Name, index_name, quoted
from tools.postgres.vectors import CLASSES, COLUMN, Metric, Vector, column_now, extension, written
from tools.sources.python_toolbox import Toolbox

M = Annotated[int, Field(ge=2, le=100)]
EfConstruction = Annotated[int, Field(ge=4, le=1000)]
NUMBERS_A_SECOND = 3_000_000
"""vector parts an HNSW build takes in a second, on the slow side; the estimate people see"""
HNSW = """
select t.relname as table, i.indisvalid as valid, pg_relation_size(c.oid)::int8 as bytes, o.opcname as class,
  (select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = i.indkey[0]) as column,
  coalesce((select option_value::int8 from pg_options_to_table(c.reloptions) where option_name = 'm'), 16) as m,
  coalesce((select option_value::int8 from pg_options_to_table(c.reloptions)
            where option_name = 'ef_construction'), 64) as ef_construction
from pg_class c join pg_index i on i.indexrelid = c.oid join pg_class t on t.oid = i.indrelid
  join pg_am m on m.oid = c.relam join pg_namespace n on n.oid = c.relnamespace
  join pg_opclass o on o.oid = i.indclass[0]
where m.amname = 'hnsw' and i.indpred is null and i.indnatts = 1 and n.nspname = $1 and c.relname = $2
"""


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""
    _building(box, operator)
    _inserting(box, operator)


async def _find(operator: Operator, schema_name: str, name: str) -> JsonObject | None:
    async with operator.looking() as db:
        return await db.row(HNSW, schema_name, name)


def _building(box: Toolbox, operator: Operator) -> None:
    def named(table: str, column: str, name: str | None) -> str:
        return name or index_name(table, [column, "hnsw"])

    @box.write(
        tier="reversible",
        idempotent=True,
        title="'Built a vector index on ' + args.table",
        says=(
            "'Build an HNSW index on ' + code(args.schema_name + '.' + args.table) + ' (' + args.column + ') in ' + env"
        ),
        verb="build index",
        target=COLUMN,
        side_effects=["every write of the table takes longer", "disk space and memory"],
        dry_run="analysed",
        failure_modes=["it takes too long: what was begun is dropped again"],
        timeout_seconds=25,
    )
    async def create_vector_index(
        schema_name: Name,
        table: Name,
        column: Name,
        metric: Metric = "cosine",
        m: M = 16,
        ef_construction: EfConstruction = 64,
        name: Name | None = None,
    ) -> JsonObject:
        """Build an HNSW index on a vector column, concurrently. More m and ef_construction: better recall, slower."""
        name = named(table, column, name)
        there = await _find(operator, schema_name, name)
        if there is not None and there["valid"]:
            return {"index": name, "built": False}
        async with operator.changing(BUILD_SECONDS, patient=True) as db:
            schema = await extension(db)
            await column_now(db, schema_name, table, column)
            if there is not None:
                await db.change(f"drop index concurrently if exists {quoted(schema_name, name)}")
            on = f"{quoted(column)} {quoted(schema)}.{CLASSES[metric]}"
            built = f"using hnsw ({on}) with (m = {m:d}, ef_construction = {ef_construction:d})"
            try:
                await db.change(f"create index concurrently {quoted(name)} on {quoted(schema_name, table)} {built}")
            except ToolFailed as error:
                if await swept(operator, schema_name, name):
                    raise ToolFailed(f"{error}; what was begun is gone", effect_possible=False) from None
                raise
        return {"index": name, "built": True}

    @create_vector_index.preview
    async def create_look(schema_name: str, table: str, column: str, name: str | None) -> Impact:
        name = named(table, column, name)
        async with operator.looking() as db:
            await extension(db)
            seen = await column_now(db, schema_name, table, column)
        there = await _find(operator, schema_name, name)
        rows = max(number(seen, "rows"), 0)
        seconds = round(rows * max(number(seen, "dimensions"), 1) / NUMBERS_A_SECOND + 0.1, 1)
        too_long("building the index", seconds, BUILD_SECONDS)
        exists = there is not None and bool(there["valid"])
        return Impact(
            grade=DryRun.ANALYSED,
            before={"exists": exists},
            changes=(
                Change(label=f"index {name}", before="there" if exists else "none", after=f"HNSW on {column}"),
                Change(label="search", before="every row is compared", after="approximate: measure recall afterwards"),
                Change(label="lock", before="none", after=LOCK),
                Change(label="takes about", before="", after=f"{seconds:g} s for {rows} rows"),
            ),
            counted=(Counted(count=rows, unit="rows read"),),
        )

    @create_vector_index.undo
    def create_back(
        schema_name: str, table: str, column: str, name: str | None, before: JsonObject
    ) -> InverseCall | None:
        if before["exists"]:
            return None
        arguments: JsonObject = {"schema_name": schema_name, "name": named(table, column, name)}
        return InverseCall(tool="postgres.drop_vector_index", arguments=arguments)

    @create_vector_index.verify
    async def created(schema_name: str, table: str, column: str, name: str | None) -> Verified:
        there = await _find(operator, schema_name, named(table, column, name))
        held = Held.YES if there is not None and there["valid"] else Held.NO
        return Verified(held=held, says=f"the vector index of `{table}` is {'' if held is Held.YES else 'not '}there")

    @box.write(
        tier="reversible",
        idempotent=True,
        title="'Dropped vector index ' + args.name",
        says="'Drop vector index ' + code(args.schema_name + '.' + args.name) + ' in ' + env",
        verb="drop index",
        target={"kind": "index", "id": "args.schema_name + '.' + args.name"},
        side_effects=["searches compare every row until it is built again"],
        dry_run="analysed",
        timeout_seconds=25,
    )
    async def drop_vector_index(schema_name: Name, name: Name) -> JsonObject:
        """Drop an HNSW index, concurrently; Undo builds it again as it was."""
        if await _find(operator, schema_name, name) is None:
            return {"index": name, "dropped": False}
        async with operator.changing(SWEEP_SECONDS, patient=True) as db:
            await db.change(f"drop index concurrently if exists {quoted(schema_name, name)}")
        return {"index": name, "dropped": True}

    @drop_vector_index.preview
    async def drop_look(schema_name: str, name: str) -> Impact:
        there = await _find(operator, schema_name, name)
        if there is None:
            return Impact(grade=DryRun.PREVIEWED, before={"exists": False}, note="there is no such HNSW index")
        return Impact(
            grade=DryRun.ANALYSED,
            before={
                "exists": True,
                **{key: there[key] for key in ("table", "column", "class", "m", "ef_construction")},
            },
            changes=(
                Change(label=f"index {name}", before=f"HNSW on {there['table']} ({there['column']})", after="gone"),
                Change(label="disk space", before=f"{there['bytes']} bytes", after="0 bytes"),
                Change(label="lock", before="none", after=LOCK),
            ),
        )

    @drop_vector_index.undo
    def drop_back(schema_name: str, name: str, before: JsonObject) -> InverseCall | None:
        if not before["exists"]:
            return None
        metric = next(metric for metric, kind in CLASSES.items() if kind == before["class"])
        same = {key: before[key] for key in ("table", "column", "m", "ef_construction")}
        arguments: JsonObject = {"schema_name": schema_name, "name": name, "metric": metric, **same}
        return InverseCall(tool="postgres.create_vector_index", arguments=arguments)

    @drop_vector_index.verify
    async def dropped(schema_name: str, name: str) -> Verified:
        gone = await _find(operator, schema_name, name) is None
        return Verified(held=Held.YES if gone else Held.NO, says=f"index `{name}` is {'gone' if gone else 'there'}")


def _inserting(box: Toolbox, operator: Operator) -> None:
    @box.write(
        tier="irreversible",
        title="'Inserted ' + num(size(args.vectors)) + ' vectors into ' + args.table",
        says=(
            "'Insert ' + num(size(args.vectors)) + ' vectors into ' + code(args.schema_name + '.' + args.table) + "
            "' in ' + env"
        ),
        verb="insert",
        target=COLUMN,
        side_effects=["rows are added; an HNSW index takes them in one by one"],
        dry_run="analysed",
        timeout_seconds=25,
        failure_modes=["one vector does not fit: none is inserted"],
    )
    async def vector_insert(
        schema_name: Name,
        table: Name,
        column: Name,
        vectors: Annotated[list[Vector], Field(min_length=1, max_length=1000)],
        labels: Annotated[list[str], Field(max_length=1000)] = [],  # noqa: B006 - pydantic copies it
        label_column: Name | None = None,
    ) -> JsonObject:
        """Insert many vectors at once, in one transaction, each with a label when a column for it is named."""
        async with operator.changing() as db:
            schema = await extension(db)
            seen = await column_now(db, schema_name, table, column)
            _fits(seen, vectors, labels, label_column)
            into = quoted(column) + (f", {quoted(label_column)}" if label_column else "")
            label = ", l" if label_column else ""
            taken = await db.rows(
                f"with given as (select v, l from unnest($1::text[], $2::text[]) as g(v, l)), "  # noqa: S608 - quoted names
                f"added as (insert into {quoted(schema_name, table)} ({into}) "
                f"select v::{quoted(schema)}.vector{label} from given returning 1) "
                f"select count(*)::int8 as n from added",
                [written(vector) for vector in vectors],
                labels or [""] * len(vectors),
            )
        return {"inserted": taken[0]["n"]}

    @vector_insert.preview
    async def insert_look(
        schema_name: str, table: str, column: str, vectors: list[Vector], labels: list[str], label_column: str | None
    ) -> Impact:
        async with operator.looking() as db:
            seen = await column_now(db, schema_name, table, column)
        _fits(seen, vectors, labels, label_column)
        rows = max(number(seen, "rows"), 0)
        return Impact(
            grade=DryRun.ANALYSED,
            before={"dimensions": seen["dimensions"]},
            changes=(
                Change(label="rows", before=f"about {rows}", after=f"about {rows + len(vectors)}"),
                Change(label="lock", before="none", after="row exclusive: reads and writes go on"),
            ),
            counted=(Counted(count=len(vectors), unit="rows added"),),
        )


def _fits(seen: JsonObject, vectors: list[Vector], labels: list[str], label_column: str | None) -> None:
    dimensions = number(seen, "dimensions")
    if dimensions > 0 and any(len(vector) != dimensions for vector in vectors):
        says = f"the column takes vectors of {dimensions} parts, and one has another number"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    if label_column is not None and len(labels) != len(vectors):
        says = f"{len(vectors)} vectors and {len(labels)} labels; give one label for each"
        raise ToolFailed(says, effect_possible=False, reason="refused")
