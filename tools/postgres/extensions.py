"""Extensions of the operated database, as far as the operator's role may use them."""

from dataclasses import dataclass

from tools.postgres.connection import Session


@dataclass(frozen=True, kw_only=True)
class Extension:
    """One that can be used; `schema` is where its objects are."""

    schema: str


@dataclass(frozen=True, kw_only=True)
class NoExtension:
    """It cannot be used; `why` says so in words, with the next step where there is one."""

    why: str


async def extension(db: Session, name: str) -> Extension | NoExtension:
    """Whether an extension is there, and where.

    Raises:
        ToolFailed: the catalogue cannot be read.
    """
    found = await db.row(
        """select n.nspname as schema, has_schema_privilege(n.oid, 'usage') as open
           from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = $1""",
        name,
    )
    if found is None:
        return NoExtension(why=f"{name} is not installed")
    if not found["open"]:
        return NoExtension(why=f"{name} is in schema {found['schema']!r}, which the operator's role may not use")
    return Extension(schema=str(found["schema"]))
