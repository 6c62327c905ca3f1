"""The record can be emptied of what it says, never of its links; and what is kept only for a time has its indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_SAME_ENTRY = " and ".join(
    f"new.{name} = old.{name}" for name in ("tenant", "seq", "at", "event", "task_id", "correlation_id", "prev", "hash")
)
_SAME_EVIDENCE = " and ".join(f"new.{name} = old.{name}" for name in ("tenant", "hash", "task_id", "tool", "at"))
_BEGUN = "exists (select 1 from erasing where erasing.tenant = old.tenant)"
MAY = {
    # In the transaction that writes the order, and only the body; an order itself stays as it is.
    "audit": f"{_SAME_ENTRY} and new.salt = '' and new.body like 'erased:%' "
    f"and old.event <> 'ops.record.erased' and {_BEGUN}",
    "evidence": f"{_SAME_EVIDENCE} and new.label = '' and new.content = '{{}}' and new.gone <> '' and {_BEGUN}",
}

OLD = (("tasks", "finished_at", "emptied_at is null"), ("evidence", "at", "gone = ''"))


def upgrade() -> None:
    op.add_column("audit", sa.Column("salt", sa.Text(), nullable=False, server_default=""))
    op.add_column("evidence", sa.Column("gone", sa.Text(), nullable=False, server_default=""))
    op.add_column("tasks", sa.Column("emptied_at", sa.Double(), nullable=True))
    op.create_table(
        "erasing", sa.Column("tenant", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("tenant", name="pk_erasing")
    )
    _guard(MAY)
    for table, column, where in OLD:
        where_ = sa.text(where)
        op.create_index(f"ix_{table}_old", table, [column], sqlite_where=where_, postgresql_where=where_)
    op.create_index("ix_evidence_task", "evidence", ["tenant", "task_id"])
    op.create_index("ix_posts_created", "posts", ["created_at"])


def downgrade() -> None:
    if op.get_bind().execute(sa.text("select 1 from audit where salt <> '' limit 1")).first():
        raise RuntimeError("the record is linked over its salts; a version before them could not check it")
    _guard(dict.fromkeys(MAY, "1 = 0"))
    op.drop_index("ix_posts_created", "posts")
    op.drop_index("ix_evidence_task", "evidence")
    for table, _column, _where in OLD:
        op.drop_index(f"ix_{table}_old", table)
    op.drop_table("erasing")
    op.drop_column("tasks", "emptied_at")
    op.drop_column("evidence", "gone")
    op.drop_column("audit", "salt")


def _guard(may: dict[str, str]) -> None:
    """Let the triggers pass an update that is so, and no other."""
    of_postgres = op.get_bind().dialect.name == "postgresql"
    for table, when in may.items():
        if of_postgres:
            op.execute(
                f"""create or replace function {table}_append_only() returns trigger language plpgsql as
                $$ begin
                    if tg_op = 'UPDATE' then
                        if {when} then return new; end if;
                    end if;
                    raise exception '{table} is append-only';
                end $$"""
            )
        else:
            op.execute(f"drop trigger {table}_no_update")
            op.execute(
                f"""create trigger {table}_no_update before update on {table} when not ({when})
                begin select raise(abort, '{table} is append-only'); end"""
            )
