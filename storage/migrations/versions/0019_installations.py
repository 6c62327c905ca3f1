"""Where the app is installed, and the states of installations under way."""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect, unprotect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("installations", "org_workspaces", "oauth_states")


def upgrade() -> None:
    op.create_table(
        "installations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("enterprise", sa.Text(), nullable=False),
        sa.Column("is_org", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("bot_user", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("broken", sa.Text(), nullable=False),
        sa.Column("refresher", sa.Text(), nullable=True),
        sa.Column("refresh_until", sa.Double(), nullable=True),
        sa.Column("installed_by", sa.Text(), nullable=False),
        sa.Column("installed_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_installations")),
    )
    op.create_table(
        "org_workspaces",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("enterprise", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_org_workspaces")),
    )
    with op.batch_alter_table("org_workspaces", schema=None) as batch_op:
        batch_op.create_index("ix_org_workspaces_enterprise", ["enterprise"], unique=False)
    op.create_table(
        "oauth_states",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_oauth_states")),
    )

    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in protect(table):
                op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in unprotect(table):
                op.execute(statement)
    op.drop_table("oauth_states")
    with op.batch_alter_table("org_workspaces", schema=None) as batch_op:
        batch_op.drop_index("ix_org_workspaces_enterprise")
    op.drop_table("org_workspaces")
    op.drop_table("installations")
