"""Changes that alter no data: vacuum, analyze, rebuild one index."""

from tools.contract import Change, Counted, Held, Impact, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import CHANGE_SECONDS, Operator
from tools.postgres.names import Name, quoted
from tools.sources.python_toolbox import Toolbox

TABLE = {"kind": "table", "id": "args.schema_name + '.' + args.table"}
BYTES_A_SECOND = 40 * 1024 * 1024
"""how fast a table is read or an index written, on the slow side; the estimate people see"""


def seconds_for(size: int) -> float:
    """An estimate for work that reads so many bytes once."""
    return round(size / BYTES_A_SECOND + 0.1, 1)


async def table_now(operator: Operator, schema_name: str, table: str) -> JsonObject:
    """Size and statistics of a table.

    Raises:
        ToolFailed: there is no such table.
    """
    async with operator.looking() as db:
        found = await db.row(
            """select c.oid::int8 as oid, pg_relation_size(c.oid)::int8 as bytes, c.reltuples::int8 as rows,
                 coalesce(s.n_dead_tup, 0) as dead, coalesce(s.vacuum_count, 0) as vacuums,
                 coalesce(s.analyze_count, 0) as analyzes
               from pg_class c join pg_namespace n on n.oid = c.relnamespace
               left join pg_stat_all_tables s on s.relid = c.oid
               where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'm')
                 and n.nspname not in ('pg_catalog', 'information_schema')""",
            schema_name,
            table,
        )
    if found is None:
        says = f"no table {schema_name}.{table}; look at postgres.table_sizes"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return found


def number(row: JsonObject, name: str) -> int:
    return int(str(row[name]))


def too_long(what: str, seconds: float, most: int = CHANGE_SECONDS) -> None:
    """Refuse what could not end within a statement's time.

    Raises:
        ToolFailed: it would take longer.
    """
    if seconds > most:
        says = f"{what} would take about {seconds:g} s, and a statement gets {most} s here; do it by hand"
        raise ToolFailed(says, effect_possible=False, reason="refused")


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""

    async def look(what: str, schema_name: str, table: str) -> Impact:
        seen = await table_now(operator, schema_name, table)
        seconds = seconds_for(number(seen, "bytes"))
        too_long(what, seconds)
        return Impact(
            grade=DryRun.ANALYSED,
            before={"oid": seen["oid"]},
            changes=(
                Change(label="dead rows", before=seen["dead"], after="gone" if what == "vacuum" else seen["dead"]),
                Change(label="lock", before="none", after="share update exclusive: reads and writes go on"),
                Change(label="takes about", before="", after=f"{seconds:g} s for {seen['bytes']} bytes"),
            ),
            counted=(Counted(count=max(number(seen, "rows"), 0), unit="rows read"),),
        )

    async def counted(schema_name: str, table: str, name: str) -> int:
        return number(await table_now(operator, schema_name, table), name)

    @box.write(
        tier="irreversible",
        idempotent=True,
        title="'Vacuumed ' + args.table",
        says="'Vacuum and analyze table ' + code(args.schema_name + '.' + args.table) + ' in ' + env",
        verb="vacuum",
        target=TABLE,
        side_effects=["reads the whole table; reads and writes of others go on"],
        dry_run="analysed",
        timeout_seconds=25,
        watch_seconds=5,
    )
    async def vacuum(schema_name: Name, table: Name) -> JsonObject:
        """Free dead rows of one table and refresh its statistics. Not VACUUM FULL, which locks everybody out."""
        async with operator.changing() as db:
            await db.change(f"vacuum (analyze) {quoted(schema_name, table)}")
        return {"vacuums": await counted(schema_name, table, "vacuums")}

    @vacuum.preview
    async def vacuum_look(schema_name: str, table: str) -> Impact:
        return await look("vacuum", schema_name, table)

    @box.write(
        tier="irreversible",
        idempotent=True,
        title="'Analyzed ' + args.table",
        says="'Refresh the statistics of table ' + code(args.schema_name + '.' + args.table) + ' in ' + env",
        verb="analyze",
        target=TABLE,
        side_effects=["plans of statements may change"],
        dry_run="analysed",
        timeout_seconds=25,
    )
    async def analyze(schema_name: Name, table: Name) -> JsonObject:
        """Refresh the statistics that the planner works with, of one table. Use it after many rows changed."""
        async with operator.changing() as db:
            await db.change(f"analyze {quoted(schema_name, table)}")
        return {"analyzes": await counted(schema_name, table, "analyzes")}

    @analyze.preview
    async def analyze_look(schema_name: str, table: str) -> Impact:
        return await look("analyze", schema_name, table)

    @analyze.verify
    async def analyzed(schema_name: str, table: str) -> Verified:
        seen = await table_now(operator, schema_name, table)
        held = Held.YES if number(seen, "rows") >= 0 else Held.NO
        return Verified(held=held, says=f"`{table}` has about {seen['rows']} rows by its statistics", data=seen)
