"""What people said of answers."""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_feedback_task_id")),
        sa.PrimaryKeyConstraint("tenant", "task_id", "person", name=op.f("pk_feedback")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("feedback"):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("feedback")
