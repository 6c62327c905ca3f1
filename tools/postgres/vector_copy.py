"""The change that inserts many vectors at once, out of a staging table: an argument list nobody could check."""

from tools.contract import Change, Counted, Impact, JsonObject, ToolFailed
from tools.manifest import DryRun
from tools.postgres.connection import Operator, Session
from tools.postgres.maintenance import number
from tools.postgres.names import Name, quoted
from tools.postgres.vectors import COLUMN, column_now, extension
from tools.sources.python_toolbox import Toolbox

MOST = 100_000
BOTH = """
select a.attname::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
  and a.attidentity = '' and exists (
    select from pg_attribute b join pg_class d on d.oid = b.attrelid
    where d.relnamespace = c.relnamespace and d.relname = $3 and b.attname = a.attname and not b.attisdropped)
order by a.attnum
"""


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tool."""

    @box.write(
        tier="irreversible",
        title="'Copied vectors from ' + args.from_table + ' into ' + args.table",
        says=(
            "'Insert the rows of ' + code(args.schema_name + '.' + args.from_table) + ' into ' + "
            "code(args.schema_name + '.' + args.table) + ' in ' + env"
        ),
        verb="insert",
        target=COLUMN,
        side_effects=["rows are added; rows whose key is there already are left out"],
        dry_run="analysed",
        timeout_seconds=25,
    )
    async def vector_copy(schema_name: Name, table: Name, column: Name, from_table: Name) -> JsonObject:
        """Insert many vectors: all rows of a staging table, in one statement. Rows that are there already stay."""
        async with operator.changing() as db:
            names, _ = await _fitting(db, schema_name, table, column, from_table)
            columns = ", ".join(quoted(name) for name in names)
            whole, source = quoted(schema_name, table), quoted(schema_name, from_table)
            taken = await db.rows(
                f"with added as (insert into {whole} ({columns}) select {columns} from {source} "  # noqa: S608 - quoted names
                f"on conflict do nothing returning 1) select count(*)::int8 as n from added"
            )
        return {"inserted": taken[0]["n"], "columns": list(names)}

    @vector_copy.preview
    async def look(schema_name: str, table: str, column: str, from_table: str) -> Impact:
        async with operator.looking() as db:
            names, count = await _fitting(db, schema_name, table, column, from_table)
        return Impact(
            grade=DryRun.ANALYSED,
            before={"columns": list(names)},
            changes=(
                Change(label="columns", before="", after=", ".join(names)),
                Change(label="lock", before="none", after="row exclusive: reads and writes go on"),
            ),
            counted=(Counted(count=count, unit="rows added"),),
        )


async def _fitting(db: Session, schema_name: str, table: str, column: str, from_table: str) -> tuple[list[str], int]:
    """(the columns both have and that take values, the rows there are).

    Raises:
        ToolFailed: the two do not go together, or there are too many rows.
    """
    await extension(db)
    into = await column_now(db, schema_name, table, column)
    source = await column_now(db, schema_name, from_table, column)
    if into["dimensions"] != source["dimensions"]:
        says = f"{table!r} takes vectors of {into['dimensions']} parts and {from_table!r} has {source['dimensions']}"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    rows = await db.rows(BOTH, schema_name, table, from_table)
    found = await db.row(f"select count(*)::int8 as rows from {quoted(schema_name, from_table)}")  # noqa: S608 - quoted
    count = number(found or {"rows": 0}, "rows")
    if count > MOST:
        says = f"{from_table!r} holds {count} rows, at most {MOST} go at once; stage fewer"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return [str(row["name"]) for row in rows], count
