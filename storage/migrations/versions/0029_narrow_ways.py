"""Indexes of what is asked in every story, so that years of history cost it nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

PARTIAL = {
    "ix_tasks_under_way": (
        "tasks",
        "state NOT IN ('completed', 'failed_terminal', 'cancelled', 'escalated_to_human')",
    ),
    "ix_proposals_asking": ("proposals", "state IN ('open', 'in_doubt')"),
}
WHOLE = {
    "ix_tasks_channel": ("tasks", ["tenant", "channel", "created_at"]),
    "ix_intents_recent": ("intents", ["tenant", "started_at"]),
    "ix_posts_subject": ("posts", ["tenant", "subject"]),
    "ix_posts_message": ("posts", ["tenant", "channel", "ts"]),
}
LONGER = {
    "ix_tasks_thread": ("tasks", ["tenant", "channel", "thread_ts"], ["tenant", "channel", "thread_ts", "created_at"]),
    "ix_proposals_task": ("proposals", ["task_id"], ["tenant", "task_id", "created_at"]),
    "ix_intents_task": ("intents", ["task_id"], ["tenant", "task_id"]),
}


def upgrade() -> None:
    for name, (table, where) in PARTIAL.items():
        said = sa.text(where)
        op.create_index(name, table, ["tenant", "created_at"], sqlite_where=said, postgresql_where=said)
    for name, (table, columns) in WHOLE.items():
        op.create_index(name, table, columns)
    for name, (table, _before, after) in LONGER.items():
        op.drop_index(name, table)
        op.create_index(name, table, after)


def downgrade() -> None:
    for name, (table, before, _after) in LONGER.items():
        op.drop_index(name, table)
        op.create_index(name, table, before)
    for name, (table, _columns) in (WHOLE | PARTIAL).items():
        op.drop_index(name, table)
