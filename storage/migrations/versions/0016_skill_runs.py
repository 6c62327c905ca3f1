"""Runs of skills, for what is learned from them."""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "skill_runs",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "path", name=op.f("pk_skill_runs")),
    )
    with op.batch_alter_table("skill_runs", schema=None) as batch_op:
        batch_op.create_index("ix_skill_runs_newest", ["tenant", "skill", "at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("skill_runs"):
            op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("skill_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_skill_runs_newest")
    op.drop_table("skill_runs")
