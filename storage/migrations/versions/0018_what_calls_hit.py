"""What a call acts on and how much of it, for budgets over several calls."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("env", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("target", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("blast", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(
            "ix_intents_changes",
            ["tenant", "started_at"],
            unique=False,
            sqlite_where=sa.text("tier != 'read'"),
            postgresql_where=sa.text("tier != 'read'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.drop_index("ix_intents_changes")
        batch_op.drop_column("blast")
        batch_op.drop_column("target")
        batch_op.drop_column("env")
