"""The change that rebuilds one index beside the old one, and then takes its place."""

from tools.contract import Change, Counted, Held, Impact, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres import indexes
from tools.postgres.connection import Operator
from tools.postgres.indexes import LOCK, find, swept
from tools.postgres.maintenance import number, seconds_for, table_now, too_long
from tools.postgres.names import Name, quoted
from tools.sources.python_toolbox import Toolbox


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tool."""

    @box.write(
        tier="irreversible",
        idempotent=True,
        title="'Rebuilt index ' + args.name",
        says="'Rebuild index ' + code(args.schema_name + '.' + args.name) + ' in ' + env",
        verb="rebuild index",
        target={"kind": "index", "id": "args.schema_name + '.' + args.name"},
        side_effects=["disk space for a second copy while it is built"],
        dry_run="analysed",
        failure_modes=["it takes too long: the old index stays, what was begun is dropped again"],
        timeout_seconds=25,
    )
    async def reindex_index(schema_name: Name, name: Name) -> JsonObject:
        """Rebuild one index, concurrently: when it is invalid, or much larger than what it holds."""
        before = await _there(operator, schema_name, name)
        try:
            async with operator.changing(indexes.BUILD_SECONDS, patient=True) as db:
                await db.change(f"reindex index concurrently {quoted(schema_name, name)}")
        except ToolFailed as error:
            if await swept(operator, schema_name, f"{name}_ccnew"):
                raise ToolFailed(f"{error}; the old index is as it was", effect_possible=False) from None
            raise
        after = await _there(operator, schema_name, name)
        return {"index": name, "bytes_before": before["bytes"], "bytes": after["bytes"], "valid": after["valid"]}

    @reindex_index.preview
    async def rebuild_look(schema_name: str, name: str) -> Impact:
        there = await _there(operator, schema_name, name)
        table = await table_now(operator, schema_name, str(there["table"]))
        seconds = seconds_for(2 * number(table, "bytes"))
        too_long("rebuilding the index", seconds, indexes.BUILD_SECONDS)
        return Impact(
            grade=DryRun.ANALYSED,
            before={"valid": there["valid"], "table": there["table"]},
            changes=(
                Change(label=f"index {name}", before="valid" if there["valid"] else "invalid", after="rebuilt, valid"),
                Change(label="lock", before="none", after=LOCK),
                Change(label="takes about", before="", after=f"{seconds:g} s for {table['bytes']} bytes of the table"),
            ),
            counted=(Counted(count=max(number(table, "rows"), 0), unit="rows read"),),
        )

    @reindex_index.verify
    async def rebuilt(schema_name: str, name: str) -> Verified:
        there = await _there(operator, schema_name, name)
        held = Held.YES if there["valid"] else Held.NO
        return Verified(held=held, says=f"index `{name}` is {'valid' if there['valid'] else 'invalid'}", data=there)


async def _there(operator: Operator, schema_name: str, name: str) -> JsonObject:
    """The index.

    Raises:
        ToolFailed: there is none of this name.
    """
    there = await find(operator, schema_name, name)
    if there is None:
        says = f"no index {schema_name}.{name}; look at postgres.indexes"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return there
