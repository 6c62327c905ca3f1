"""Changes: how many connections a role or the database may hold; statistics begun anew."""

from typing import Annotated

from pydantic import Field

from tools.contract import Change, Counted, Held, Impact, InverseCall, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import Operator
from tools.postgres.names import Name, quoted
from tools.sources.python_toolbox import Toolbox

Limit = Annotated[int, Field(ge=-1, le=10_000)]
ROLE = """
select r.rolconnlimit::int8 as allowed, r.rolsuper as superuser,
  (select count(*) from pg_stat_activity a where a.usename = r.rolname)::int8 as used,
  current_setting('max_connections')::int8 as all_in_all
from pg_roles r where r.rolname = $1 and r.rolcanlogin
"""
DATABASE = """
select d.datconnlimit::int8 as allowed, quote_ident(d.datname) as quoted,
  (select count(*) from pg_stat_activity a where a.datname = d.datname)::int8 as used,
  current_setting('max_connections')::int8 as all_in_all
from pg_database d where d.datname = current_database()
"""


def register(box: Toolbox, operator: Operator) -> None:
    """Add the tools."""
    _limits(box, operator)
    _statistics(box, operator)


def _looked(seen: JsonObject, limit: int, whose: str) -> Impact:
    used, most = int(str(seen["used"])), int(str(seen["all_in_all"]))
    if limit > most:
        says = f"the server takes {most} connections in all; choose {most} or fewer"
        raise ToolFailed(says, effect_possible=False, reason="refused")
    return Impact(
        grade=DryRun.ANALYSED,
        before={"limit": seen["allowed"]},
        changes=(
            Change(label=f"connections of {whose}", before=_said(int(str(seen["allowed"]))), after=_said(limit)),
            Change(label="open now", before=used, after=used),
            Change(label="lock", before="none", after="none: it counts for new connections"),
        ),
        counted=(Counted(count=max(0, used - limit) if limit >= 0 else 0, unit="connections above the new limit"),),
    )


def _said(limit: int) -> str:
    return "no limit" if limit < 0 else f"at most {limit}"


def _limits(box: Toolbox, operator: Operator) -> None:
    async def role_now(role: str) -> JsonObject:
        async with operator.looking() as db:
            found = await db.row(ROLE, role)
        if found is None:
            raise ToolFailed(f"no role {role!r} that may log in; look at postgres.roles", effect_possible=False)
        return found

    async def database_now() -> JsonObject:
        async with operator.looking() as db:
            found = await db.row(DATABASE)
        assert found is not None
        return found

    @box.write(
        tier="reversible",
        idempotent=True,
        title="'Set how many connections ' + args.role + ' may hold'",
        says=(
            "'Let role ' + code(args.role) + ' hold ' + (args.limit < 0 ? 'any number of' : num(args.limit)) + "
            "' connections in ' + env"
        ),
        verb="set limit",
        target={"kind": "role", "id": "args.role"},
        side_effects=["new connections above the limit are refused; open ones stay"],
        dry_run="analysed",
    )
    async def limit_role(role: Name, limit: Limit) -> JsonObject:
        """Set a role's connection limit, -1 for none: make room for a pool, or keep one from taking everything."""
        await role_now(role)
        async with operator.changing() as db:
            await db.change(f"alter role {quoted(role)} connection limit {limit:d}")
        return {"role": role, "limit": limit}

    @limit_role.preview
    async def role_look(role: str, limit: int) -> Impact:
        return _looked(await role_now(role), limit, role)

    @limit_role.undo
    def role_back(role: str, before: JsonObject) -> InverseCall:
        return InverseCall(tool="postgres.limit_role", arguments={"role": role, "limit": before["limit"]})

    @limit_role.verify
    async def role_took(role: str, limit: int) -> Verified:
        now = int(str((await role_now(role))["allowed"]))
        return Verified(held=Held.YES if now == limit else Held.NO, says=f"`{role}` may hold {_said(now)}")

    @box.write(
        tier="reversible",
        idempotent=True,
        title="'Set how many connections the database takes'",
        says=(
            "'Let the database take ' + (args.limit < 0 ? 'any number of' : num(args.limit)) + ' connections in ' + env"
        ),
        verb="set limit",
        target={"kind": "database", "id": "'postgres'"},
        side_effects=["new connections above the limit are refused; open ones stay"],
        dry_run="analysed",
    )
    async def limit_database(limit: Limit) -> JsonObject:
        """Set the connection limit of this database, -1 for none: what all pools together may take."""
        seen = await database_now()
        async with operator.changing() as db:
            await db.change(f"alter database {seen['quoted']} connection limit {limit:d}")
        return {"limit": limit}

    @limit_database.preview
    async def database_look(limit: int) -> Impact:
        return _looked(await database_now(), limit, "the database")

    @limit_database.undo
    def database_back(before: JsonObject) -> InverseCall:
        return InverseCall(tool="postgres.limit_database", arguments={"limit": before["limit"]})

    @limit_database.verify
    async def database_took(limit: int) -> Verified:
        now = int(str((await database_now())["allowed"]))
        return Verified(held=Held.YES if now == limit else Held.NO, says=f"the database takes {_said(now)}")


def _statistics(box: Toolbox, operator: Operator) -> None:
    since = "select to_json(stats_reset)#>>'{}' as since from pg_stat_database where datname = current_database()"

    @box.write(
        tier="irreversible",
        idempotent=True,
        title="'Began the statistics anew'",
        says="'Forget the statistics of the database in ' + env + ' and begin anew'",
        verb="reset",
        target={"kind": "database", "id": "'postgres'"},
        side_effects=["scans, cache hits and dead rows count from zero; autovacuum waits for new counts"],
        dry_run="previewed",
    )
    async def reset_statistics() -> JsonObject:
        """Begin the counters of this database anew, to measure from now on. What they said before is lost."""
        async with operator.changing() as db:
            await db.change("select pg_stat_reset()")
        return {"reset": True}

    @reset_statistics.preview
    async def reset_look() -> Impact:
        async with operator.looking() as db:
            seen = await db.row(since)
        before = seen and seen["since"]
        change = Change(label="statistics since", before=before or "the database was made", after="now")
        return Impact(grade=DryRun.PREVIEWED, changes=(change,))

    @reset_statistics.verify
    async def reset_took() -> Verified:
        async with operator.looking() as db:
            seen = await db.row(f"{since} and stats_reset > now() - interval '5 minutes'")
        held = Held.YES if seen is not None else Held.NO
        return Verified(held=held, says="statistics count from now" if seen else "statistics were not begun anew")
