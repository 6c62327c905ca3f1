"""Tools that an agent may do less with, since something was wrong with it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lowerings",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("at_most", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=True),
        sa.Column("raised_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "agent", "tool", name=op.f("pk_lowerings")),
    )


def downgrade() -> None:
    op.drop_table("lowerings")
