"""A copy of every sealed call that the database lets nobody change, so that an altered one can be told apart by field.

What was sealed before is copied as it stands; a copy counts only while it is what its id is the hash of.
"""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect, unprotect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_seals")),
    )
    op.execute("insert into seals (tenant, id, sealed) select tenant, id, sealed from proposals")
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("seals"):
            op.execute(statement)
        op.execute(
            """create function seals_append_only() returns trigger language plpgsql as
            $$ begin raise exception 'seals is append-only'; end $$"""
        )
        for when, each in (("update or delete", "row"), ("truncate", "statement")):
            op.execute(
                f"""create trigger seals_no_{each}_changes before {when} on seals
                for each {each} execute function seals_append_only()"""
            )
        return
    for change in ("update", "delete"):
        op.execute(
            f"""create trigger seals_no_{change} before {change} on seals
            begin select raise(abort, 'seals is append-only'); end"""
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in unprotect("seals"):
            op.execute(statement)
    op.drop_table("seals")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function seals_append_only()")
