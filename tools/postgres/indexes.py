"""Changes: build and drop plain indexes without locking anybody out. What we drop can always be built again."""

from typing import Annotated

from pydantic import Field

from tools.contract import Change, Counted, Held, Impact, InverseCall, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import Operator, Session
from tools.postgres.maintenance import number, seconds_for, table_now, too_long
from tools.postgres.names import Name, index_name, quoted
from tools.sources.python_toolbox import Toolbox

Columns = Annotated[list[Name], Field(min_length=1, max_length=8)]
LOCK = "share update exclusive: reads and writes go on, other changes of the table's form wait"
BUILD_SECONDS = 15
SWEEP_SECONDS = 6
"""for taking away what a stopped build left; both together below the 25 s of a tool"""
FIND = """
select c.oid::int8 as oid, t.relname as table, i.indisvalid as valid, pg_relation_size(c.oid)::int8 as bytes,
  array(select a.attname::text from unnest(i.indkey) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by k.place) as columns,
  m.amname = 'btree' and not i.indisunique and i.indexprs is null and i.indpred is null and 0 <> all(i.indkey)
    and i.indnkeyatts = i.indnatts and 0 = all(i.indoption)
    and not exists (select from pg_opclass o where o.oid = any(i.indclass) and not o.opcdefault)
    and not exists (select from pg_constraint k where k.conindid = c.oid) as plain,
  coalesce(s.idx_scan, 0) as scans
from pg_class c join pg_index i on i.indexrelid = c.oid join pg_class t on t.oid = i.indrelid
  join pg_am m on m.oid = c.relam join pg_namespace n on n.oid = c.relnamespace
  left join pg_stat_all_indexes s on s.indexrelid = c.oid
where n.nspname = $1 and c.relname = $2 and n.nspname not in ('pg_catalog', 'information_schema')
"""


async def find(operator: Operator, schema_name: str, name: str) -> JsonObject | None:
    async with operator.looking() as db:
        return await db.row(FIND, schema_name, name)


async def plan(db: Session, schema_name: str, table: str, columns: list[str]) -> tuple[str, float]:
    """How a look-up by these columns is planned now, and its cost, by EXPLAIN; nothing is run."""
    # A value the planner does not know, as in a prepared statement.
    whole = quoted(schema_name, table)
    where = " and ".join(f"{quoted(c)} = (select other.{quoted(c)} from {whole} other limit 1)" for c in columns)  # noqa: S608 - quoted names
    try:
        rows = await db.rows(f"explain select 1 from {whole} where {where}")  # noqa: S608 - quoted names
    except ToolFailed:  # the operator may not read the table
        return "not known", 0.0
    lines = [str(next(iter(row.values()))) for row in rows]
    scan = next(line.strip(" ->") for line in lines if " Scan" in line)
    return scan.partition(" on ")[0].partition(" using ")[0], float(lines[0].partition("..")[2].partition(" ")[0])


async def check_columns(db: Session, schema_name: str, table: str, columns: list[str]) -> None:
    """Pass when the table has them all.

    Raises:
        ToolFailed: one is missing, or named twice.
    """
    rows = await db.rows(
        """select a.attname::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
           join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped""",
        schema_name,
        table,
    )
    known = [str(row["name"]) for row in rows]
    for column in columns:
        if column not in known or columns.count(column) > 1:
            says = f"no column {column!r} in {schema_name}.{table}, or it is named twice; it has {', '.join(known)}"
            raise ToolFailed(says, effect_possible=False, reason="refused")


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""
    _building(box, operator)
    _dropping(box, operator)


def _building(box: Toolbox, operator: Operator) -> None:
    @box.write(
        tier="reversible",
        idempotent=True,
        title="'Built an index on ' + args.table",
        says=(
            "'Build an index on ' + code(args.schema_name + '.' + args.table) + "
            "' (' + join(args.columns, ', ') + ') in ' + env"
        ),
        verb="build index",
        target={"kind": "table", "id": "args.schema_name + '.' + args.table"},
        side_effects=["every write of the table takes a little longer", "disk space"],
        dry_run="analysed",
        failure_modes=["it takes too long: what was begun is dropped again"],
        timeout_seconds=25,
    )
    async def create_index(schema_name: Name, table: Name, columns: Columns, name: Name | None = None) -> JsonObject:
        """Build a plain index on columns of a table, concurrently. Use it when whole-table reads are slow."""
        name = name or index_name(table, columns)
        there = await find(operator, schema_name, name)
        if there is not None and there["valid"] and there["table"] == table and there["columns"] == columns:
            return {"index": name, "built": False}
        if there is not None and there["valid"]:
            says = f"there is another index {name!r}; give this one another name"
            raise ToolFailed(says, effect_possible=False, reason="refused")
        async with operator.changing(BUILD_SECONDS, patient=True) as db:
            await check_columns(db, schema_name, table, columns)
            if there is not None:  # the remains of a build that was stopped
                await db.change(f"drop index concurrently if exists {quoted(schema_name, name)}")
            on = ", ".join(quoted(column) for column in columns)
            try:
                await db.change(f"create index concurrently {quoted(name)} on {quoted(schema_name, table)} ({on})")
            except ToolFailed as error:
                if await swept(operator, schema_name, name):
                    raise ToolFailed(f"{error}; what was begun is gone", effect_possible=False) from None
                raise
        return {"index": name, "built": True}

    @create_index.preview
    async def create_look(schema_name: str, table: str, columns: list[str], name: str | None) -> Impact:
        seen = await table_now(operator, schema_name, table)
        seconds = seconds_for(2 * number(seen, "bytes"))
        too_long("building the index", seconds, BUILD_SECONDS)
        name = name or index_name(table, columns)
        there = await find(operator, schema_name, name)
        async with operator.looking() as db:
            await check_columns(db, schema_name, table, columns)
            kind, cost = await plan(db, schema_name, table, columns)
        exists = there is not None and bool(there["valid"])
        return Impact(
            grade=DryRun.ANALYSED,
            before={"exists": exists, "table": seen["oid"]},
            changes=(
                Change(label=f"index {name}", before="there" if exists else "none", after=", ".join(columns)),
                Change(label="look-up by these columns", before=f"{kind}, cost {cost:g}", after="by the index"),
                Change(label="lock", before="none", after=LOCK),
                Change(label="takes about", before="", after=f"{seconds:g} s for {seen['bytes']} bytes"),
            ),
            counted=(Counted(count=max(number(seen, "rows"), 0), unit="rows read"),),
        )

    @create_index.undo
    def create_back(
        schema_name: str, table: str, columns: list[str], name: str | None, before: JsonObject
    ) -> InverseCall | None:
        if before["exists"]:
            return None
        name = name or index_name(table, columns)
        return InverseCall(tool="postgres.drop_index", arguments={"schema_name": schema_name, "name": name})

    @create_index.verify
    async def created(schema_name: str, table: str, columns: list[str], name: str | None) -> Verified:
        name = name or index_name(table, columns)
        there = await find(operator, schema_name, name)
        async with operator.looking() as db:
            kind, cost = await plan(db, schema_name, table, columns)
        held = Held.YES if there is not None and there["valid"] else Held.NO
        says = f"index `{name}` is {'there' if held is Held.YES else 'not there'}; a look-up costs {cost:g} ({kind})"
        return Verified(held=held, says=says, data={"plan": kind, "cost": cost})


def _dropping(box: Toolbox, operator: Operator) -> None:
    @box.write(
        tier="reversible",
        idempotent=True,
        title="'Dropped index ' + args.name",
        says="'Drop index ' + code(args.schema_name + '.' + args.name) + ' in ' + env",
        verb="drop index",
        target={"kind": "index", "id": "args.schema_name + '.' + args.name"},
        side_effects=["statements that used it become slow until it is built again"],
        dry_run="analysed",
        timeout_seconds=25,
    )
    async def drop_index(schema_name: Name, name: Name) -> JsonObject:
        """Drop a plain index, concurrently. Unique, partial and other special ones are not dropped here."""
        there = await find(operator, schema_name, name)
        if there is None:
            return {"index": name, "dropped": False}
        _plain(there, name)
        async with operator.changing(SWEEP_SECONDS, patient=True) as db:
            await db.change(f"drop index concurrently if exists {quoted(schema_name, name)}")
        return {"index": name, "dropped": True}

    @drop_index.preview
    async def drop_look(schema_name: str, name: str) -> Impact:
        there = await find(operator, schema_name, name)
        if there is None:
            return Impact(grade=DryRun.PREVIEWED, before={"exists": False}, note="there is no such index")
        _plain(there, name)
        columns = there["columns"]
        assert isinstance(columns, list)
        joined = ", ".join(map(str, columns))
        return Impact(
            grade=DryRun.ANALYSED,
            before={"exists": True, "table": there["table"], "columns": columns},
            changes=(
                Change(label=f"index {name}", before=f"{there['table']} ({joined})", after="gone"),
                Change(label="disk space", before=f"{there['bytes']} bytes", after="0 bytes"),
                Change(label="lock", before="none", after=LOCK),
            ),
            counted=(Counted(count=number(there, "scans"), unit="reads by it so far"),),
        )

    @drop_index.undo
    def drop_back(schema_name: str, name: str, before: JsonObject) -> InverseCall | None:
        if not before["exists"]:
            return None
        arguments: JsonObject = {
            "schema_name": schema_name,
            "table": before["table"],
            "columns": before["columns"],
            "name": name,
        }
        return InverseCall(tool="postgres.create_index", arguments=arguments)

    @drop_index.verify
    async def dropped(schema_name: str, name: str) -> Verified:
        gone = await find(operator, schema_name, name) is None
        return Verified(held=Held.YES if gone else Held.NO, says=f"index `{name}` is {'gone' if gone else 'there'}")


def _plain(there: JsonObject, name: str) -> None:
    if not there["plain"]:
        says = f"{name!r} is unique, partial, of a constraint or otherwise special; dropping it is for people by hand"
        raise ToolFailed(says, effect_possible=False, reason="refused")


async def swept(operator: Operator, schema_name: str, name: str) -> bool:
    """Whether nothing of a build that failed is left."""
    try:
        there = await find(operator, schema_name, name)
        if there is None:
            return True
        if there["valid"]:
            return False
        async with operator.changing(SWEEP_SECONDS, patient=True) as db:
            await db.change(f"drop index concurrently if exists {quoted(schema_name, name)}")
        return await find(operator, schema_name, name) is None
    except ToolFailed:
        return False
