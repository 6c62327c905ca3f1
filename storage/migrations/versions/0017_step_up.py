"""Second factors, the links to prove them by, and which votes were given with one."""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "factors",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tries_since", sa.Double(), nullable=False),
        sa.Column("enrolled_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", name=op.f("pk_factors")),
    )
    op.create_table(
        "step_ups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_ups")),
    )
    with op.batch_alter_table("step_ups", schema=None) as batch_op:
        batch_op.create_index("ix_step_ups_person", ["tenant", "person", "expires_at"], unique=False)
    with op.batch_alter_table("votes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stepped_up", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("stepped_up_at", sa.Double(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table in ("factors", "step_ups"):
            for statement in protect(table):
                op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("votes", schema=None) as batch_op:
        batch_op.drop_column("stepped_up_at")
        batch_op.drop_column("stepped_up")
    with op.batch_alter_table("step_ups", schema=None) as batch_op:
        batch_op.drop_index("ix_step_ups_person")
    op.drop_table("step_ups")
    op.drop_table("factors")
