"""What begins by itself, who may call, and what stops it."""

import sqlalchemy as sa

from storage.tables.columns import metadata, text, time

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("person"),
    text("name"),
    sa.Column("scopes", sa.JSON, nullable=False),
    text("hash"),
    time("created_at"),
    time("expires_at"),
    time("revoked_at", null=True),
    time("used_at", null=True),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("kind"),
    text("cron"),
    text("tz"),
    text("channel"),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    time("next_at"),
    time("last_at", null=True),
    time("every_seconds", null=True),
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    time("removed_at", null=True),
)

schedule_runs = sa.Table(
    "schedule_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    sa.Column("schedule_id", sa.Text, sa.ForeignKey("schedules.id"), nullable=False),
    text("definition"),
    text("stage"),
    time("planned_at"),
    text("requester"),
    text("channel"),
    text("text"),
    text("task_id", null=True),
    time("began_at"),
    time("closed_at", null=True),
)
_at_work = schedule_runs.c.closed_at.is_(None)
sa.Index(
    "ix_schedule_runs_open",
    schedule_runs.c.schedule_id,
    unique=True,
    sqlite_where=_at_work,
)

rollout_runs = sa.Table(
    "rollout_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("subject"),
    text("definition"),
    text("stage"),
    sa.Column("clean", sa.Boolean, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("troubles", sa.JSON, nullable=False),
    time("at"),
)
sa.Index(
    "ix_rollout_runs_newest",
    rollout_runs.c.tenant,
    rollout_runs.c.subject,
    rollout_runs.c.definition,
    rollout_runs.c.stage,
    rollout_runs.c.at,
)

run_leases = sa.Table(
    "run_leases",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    text("owner"),
    sa.Column("fence", sa.Integer, nullable=False),
    time("until"),
)

halts = sa.Table(
    "halts",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    text("who"),
    text("reason"),
    time("at"),
)

lowerings = sa.Table(
    "lowerings",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("tool", sa.Text, primary_key=True),
    sa.Column("at_most", sa.Integer, nullable=False),
    text("why"),
    time("at"),
    text("raised_by", null=True),
    time("raised_at", null=True),
)

event_sinks = sa.Table(
    "event_sinks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("url"),
    text("secret_env"),
    sa.Column("private", sa.Boolean, nullable=False, default=False),
    sa.Column("patterns", sa.JSON, nullable=False),
    text("state"),
    text("why", default=""),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("refusals", sa.Integer, nullable=False, default=0),
    time("failing_since", null=True),
    time("next_try_at"),
    time("delivered_at", null=True),
    text("last_error", default=""),
    text("owner", null=True),
    time("lease_until", null=True),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    time("created_at"),
)

event_deliveries = sa.Table(
    "event_deliveries",
    metadata,
    sa.Column("sink_id", sa.Text, sa.ForeignKey("event_sinks.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    text("state"),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    time("due_at"),
    text("error", default=""),
)
sa.Index("ix_event_deliveries_state", event_deliveries.c.sink_id, event_deliveries.c.state, event_deliveries.c.due_at)
