"""Who agreed that what they write goes to a provider."""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect, unprotect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "terms", name=op.f("pk_consents")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("consents"):
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in unprotect("consents"):
            op.execute(statement)
    op.drop_table("consents")
