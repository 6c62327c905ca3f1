"""Requests and what becomes of them."""

import sqlalchemy as sa

from storage.tables.columns import metadata, spelled, text, time

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    text("kind"),
    time("at"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("source"),
    text("channel"),
    text("thread_ts"),
    text("request_ts"),
    text("requester"),
    text("requester_team"),
    text("text"),
    text("title"),
    text("agent"),
    text("agent_version"),
    text("state"),
    text("reason", default=""),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    text("owner", null=True),
    time("lease_until", null=True),
    time("due_at"),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("stop_requested", sa.Boolean, nullable=False, default=False),
    sa.Column("dry_run", sa.Boolean, nullable=False, default=False),
    text("proposal_id", null=True),
    text("parent_id", null=True),
    text("correlation_id"),
    sa.Column("turns", sa.Integer, nullable=False, default=0),
    sa.Column("calls", sa.Integer, nullable=False, default=0),
    sa.Column("tokens", sa.Integer, nullable=False, default=0),
    time("created_at"),
    time("updated_at"),
    time("finished_at", null=True),
    time("emptied_at", null=True),
)
# Partial indexes are said to SQLite here; storage/migrations/env.py says them to PostgreSQL, whose side of SQLAlchemy
# takes two megabytes that an SQLite bot does without.
MAY_BE_CLAIMED = sa.and_(
    tasks.c.state.in_([spelled(state) for state in ("queued", "failed_retryable", "executing")]),
    tasks.c.owner.is_(None),
)
LEASED = tasks.c.lease_until.is_not(None)
sa.Index("ix_tasks_claimable", tasks.c.due_at, sqlite_where=MAY_BE_CLAIMED)
sa.Index("ix_tasks_lease", tasks.c.lease_until, sqlite_where=LEASED)
UNDER_WAY = tasks.c.state.not_in(
    [spelled(state) for state in ("completed", "failed_terminal", "cancelled", "escalated_to_human")]
)
sa.Index("ix_tasks_under_way", tasks.c.tenant, tasks.c.created_at, sqlite_where=UNDER_WAY)
sa.Index("ix_tasks_thread", tasks.c.tenant, tasks.c.channel, tasks.c.thread_ts, tasks.c.created_at)
sa.Index("ix_tasks_channel", tasks.c.tenant, tasks.c.channel, tasks.c.created_at)
sa.Index("ix_tasks_old", tasks.c.finished_at, sqlite_where=tasks.c.emptied_at.is_(None))
sa.Index("ix_tasks_recent", tasks.c.tenant, tasks.c.created_at)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    text("tenant"),
    sa.Column("turn", sa.Integer, nullable=False),
    text("kind"),
    sa.Column("body", sa.JSON, nullable=False),
    time("at"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    text("said"),
    time("at"),
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("kind"),
    text("task_id"),
    text("proposal_id", null=True),
    text("request"),
    sa.Column("proposed", sa.JSON, nullable=False),
    text("feedback"),
    text("by"),
    text("agent"),
    text("agent_version"),
    time("at"),
    sa.Column("subject", sa.Text, nullable=False, server_default=""),
    sa.Column("channel", sa.Text, nullable=False, server_default=""),
    sa.Column("thread_ts", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("tenant", "kind", "subject"),
)
sa.Index("ix_evaluations_newest", evaluations.c.tenant, evaluations.c.at)

mandates = sa.Table(
    "mandates",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    text("body"),
    time("at"),
)

skill_runs = sa.Table(
    "skill_runs",
    metadata,
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    text("tenant"),
    text("skill"),
    text("hash"),
    sa.Column("ok", sa.Boolean, nullable=False),
    sa.Column("changed", sa.Boolean, nullable=False),
    sa.Column("helped", sa.Boolean, nullable=True),
    sa.Column("seconds", sa.Double, nullable=False),
    time("at"),
)
sa.Index("ix_skill_runs_newest", skill_runs.c.tenant, skill_runs.c.skill, skill_runs.c.at)
