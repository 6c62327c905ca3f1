"""The tables, nothing else. Every row carries its tenant; changes go through Alembic (storage/migrations)."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, default: str | None = None, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, default=default)


def _time(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)


inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("kind"),
    _time("at"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("source"),
    _text("channel"),
    _text("thread_ts"),
    _text("request_ts"),
    _text("requester"),
    _text("requester_team"),
    _text("text"),
    _text("title"),
    _text("agent"),
    _text("agent_version"),
    _text("state"),
    _text("reason", default=""),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    _text("owner", null=True),
    _time("lease_until", null=True),
    _time("due_at"),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("stop_requested", sa.Boolean, nullable=False, default=False),
    sa.Column("dry_run", sa.Boolean, nullable=False, default=False),
    _text("proposal_id", null=True),
    _text("parent_id", null=True),
    _text("correlation_id"),
    sa.Column("turns", sa.Integer, nullable=False, default=0),
    sa.Column("calls", sa.Integer, nullable=False, default=0),
    sa.Column("tokens", sa.Integer, nullable=False, default=0),
    _time("created_at"),
    _time("updated_at"),
    _time("finished_at", null=True),
    _time("emptied_at", null=True),
)
# Partial indexes are said to SQLite here; storage/migrations/env.py says them to PostgreSQL, whose side of SQLAlchemy
# takes two megabytes that an SQLite bot does without.
_claimable = sa.and_(tasks.c.state.in_(("queued", "failed_retryable", "executing")), tasks.c.owner.is_(None))
sa.Index("ix_tasks_claimable", tasks.c.due_at, sqlite_where=_claimable)
sa.Index(
    "ix_tasks_lease",
    tasks.c.lease_until,
    sqlite_where=tasks.c.lease_until.is_not(None),
)
sa.Index("ix_tasks_thread", tasks.c.tenant, tasks.c.channel, tasks.c.thread_ts)
sa.Index("ix_tasks_old", tasks.c.finished_at, sqlite_where=tasks.c.emptied_at.is_(None))
sa.Index("ix_tasks_recent", tasks.c.tenant, tasks.c.created_at)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    _text("tenant"),
    sa.Column("turn", sa.Integer, nullable=False),
    _text("kind"),
    sa.Column("body", sa.JSON, nullable=False),
    _time("at"),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    _text("said"),
    _time("at"),
)

proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), nullable=False),
    _text("call_id"),
    _text("sealed"),
    _text("tool"),
    _text("state"),
    _text("outcome", default=""),
    _text("undoes", null=True),
    _text("undone_by", null=True),
    _text("superseded_by", null=True),
    _text("plan_id", null=True),
    sa.Column("place", sa.Integer, nullable=False, default=0, server_default="0"),
    _text("grant_id", null=True),
    _text("verified", default=""),
    _time("expires_at"),
    _time("created_at"),
    _time("decided_at", null=True),
    _time("finished_at", null=True),
)
sa.Index("ix_proposals_task", proposals.c.task_id)
sa.Index(
    "ix_proposals_open",
    proposals.c.expires_at,
    sqlite_where=proposals.c.state == "open",
)
sa.Index("ix_proposals_plan", proposals.c.plan_id, proposals.c.place)
sa.Index("ix_proposals_recent", proposals.c.tenant, proposals.c.created_at)

seals = sa.Table(
    "seals",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    _text("sealed"),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("granter"),
    _text("requester"),
    _text("tool"),
    _text("tool_version"),
    _text("subject"),
    _text("says"),
    sa.Column("most_risk", sa.Integer, nullable=False),
    sa.Column("groups", sa.JSON, nullable=False),
    sa.Column("most", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    _text("proposal_id"),
    _time("expires_at"),
    _text("revoked_by", null=True),
    _time("created_at"),
)
sa.Index("ix_grants_standing", grants.c.tenant, grants.c.tool, grants.c.expires_at)

votes = sa.Table(
    "votes",
    metadata,
    sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), primary_key=True),
    sa.Column("voter", sa.Text, primary_key=True),
    sa.Column("approve", sa.Boolean, primary_key=True),
    _text("tenant"),
    _text("reason", default=""),
    _time("at"),
    sa.Column("stepped_up", sa.Text, nullable=False, server_default=""),
    _time("stepped_up_at", null=True),
)

factors = sa.Table(
    "factors",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    _text("secret"),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    _time("tries_since"),
    _time("enrolled_at"),
)

step_ups = sa.Table(
    "step_ups",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("proposal_id"),
    _text("person"),
    sa.Column("tries", sa.Integer, nullable=False),
    _time("expires_at"),
    _time("used_at", null=True),
    _time("created_at"),
)
sa.Index("ix_step_ups_person", step_ups.c.tenant, step_ups.c.person, step_ups.c.expires_at)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    _text("tenant"),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), nullable=False),
    _text("invoked_by"),
    _text("skill", default=""),
    _text("tool"),
    _text("tool_version"),
    _text("tier"),
    sa.Column("approved_by", sa.JSON, nullable=False),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    _text("reason_code", default=""),
    sa.Column("rules", sa.JSON, nullable=False),
    sa.Column("input", sa.JSON, nullable=False),
    _text("idempotency_key"),
    _text("correlation_id"),
    _text("agent_version"),
    _text("policy_version"),
    _text("state"),
    sa.Column("output", sa.JSON),
    _text("outcome", default=""),
    _text("evidence", null=True),
    sa.Column("env", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("target", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("blast", sa.Integer, nullable=False, default=0, server_default="0"),
    _time("started_at"),
    _time("finished_at", null=True),
)
sa.Index("ix_intents_tool", intents.c.tenant, intents.c.tool, intents.c.started_at)
sa.Index("ix_intents_task", intents.c.task_id)
_changes = intents.c.tier != "read"
sa.Index("ix_intents_changes", intents.c.tenant, intents.c.started_at, sqlite_where=_changes)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    _text("task_id"),
    _text("tool"),
    _text("label"),
    _text("content"),
    _time("at"),
    sa.Column("gone", sa.Text, nullable=False, server_default=""),
)
sa.Index("ix_evidence_task", evidence.c.tenant, evidence.c.task_id)
sa.Index("ix_evidence_old", evidence.c.at, sqlite_where=evidence.c.gone == "")

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _time("at"),
    _text("event"),
    _text("task_id"),
    _text("correlation_id"),
    _text("body"),
    _text("prev"),
    _text("hash"),
    sa.Column("salt", sa.Text, nullable=False, server_default=""),
)
sa.Index("ix_audit_task", audit.c.tenant, audit.c.task_id)

erasing = sa.Table(
    "erasing",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
)
"""a row stands here only inside a transaction that empties rows of the record; the triggers look for it"""

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _text("hash"),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("person"),
    _text("name"),
    sa.Column("scopes", sa.JSON, nullable=False),
    _text("hash"),
    _time("created_at"),
    _time("expires_at"),
    _time("revoked_at", null=True),
    _time("used_at", null=True),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("statement"),
    sa.Column("published", sa.Boolean, nullable=False),
    _time("at"),
)

posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("task_id", null=True),
    _text("kind"),
    _text("subject"),
    _text("channel"),
    _text("thread_ts", default=""),
    _text("ts", null=True),
    sa.Column("wanted", sa.Integer, nullable=False, default=1),
    sa.Column("shown", sa.Integer, nullable=False, default=0),
    sa.Column("sending", sa.Boolean, nullable=False, default=False),
    _text("owner", null=True),
    _time("lease_until", null=True),
    _time("due_at"),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("body", sa.JSON, nullable=False),
    _time("created_at"),
    sa.UniqueConstraint("tenant", "kind", "subject", "channel"),
)
_behind = posts.c.shown < posts.c.wanted
sa.Index("ix_posts_behind", posts.c.due_at, sqlite_where=_behind)
sa.Index("ix_posts_task", posts.c.task_id)
sa.Index("ix_posts_created", posts.c.created_at)

reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("proposal_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("audience", sa.Text, primary_key=True),
    _text("tenant"),
    _text("kind"),
    _text("to_group", default=""),
    _time("due_at"),
    _time("done_at", null=True),
)
_undone = reminders.c.done_at.is_(None)
sa.Index("ix_reminders_due", reminders.c.due_at, sqlite_where=_undone)

homes = sa.Table(
    "homes",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    _time("opened_at"),
    sa.Column("seq", sa.BigInteger, nullable=False),
    _text("shown", default=""),
    sa.Column("look", sa.JSON, nullable=True),
    _text("owner", null=True),
    _time("lease_until", null=True),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("kind"),
    _text("cron"),
    _text("tz"),
    _text("channel"),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    _time("next_at"),
    _time("last_at", null=True),
    _time("every_seconds", null=True),
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    _time("removed_at", null=True),
)

schedule_runs = sa.Table(
    "schedule_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    sa.Column("schedule_id", sa.Text, sa.ForeignKey("schedules.id"), nullable=False),
    _text("definition"),
    _text("stage"),
    _time("planned_at"),
    _text("requester"),
    _text("channel"),
    _text("text"),
    _text("task_id", null=True),
    _time("began_at"),
    _time("closed_at", null=True),
)
_at_work = schedule_runs.c.closed_at.is_(None)
sa.Index(
    "ix_schedule_runs_open",
    schedule_runs.c.schedule_id,
    unique=True,
    sqlite_where=_at_work,
)

evaluations = sa.Table(
    "evaluations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("kind"),
    _text("task_id"),
    _text("proposal_id", null=True),
    _text("request"),
    sa.Column("proposed", sa.JSON, nullable=False),
    _text("feedback"),
    _text("by"),
    _text("agent"),
    _text("agent_version"),
    _time("at"),
    sa.Column("subject", sa.Text, nullable=False, server_default=""),
    sa.Column("channel", sa.Text, nullable=False, server_default=""),
    sa.Column("thread_ts", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("tenant", "kind", "subject"),
)
sa.Index("ix_evaluations_newest", evaluations.c.tenant, evaluations.c.at)

rollout_runs = sa.Table(
    "rollout_runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("subject"),
    _text("definition"),
    _text("stage"),
    sa.Column("clean", sa.Boolean, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("troubles", sa.JSON, nullable=False),
    _time("at"),
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
    _text("owner"),
    sa.Column("fence", sa.Integer, nullable=False),
    _time("until"),
)

halts = sa.Table(
    "halts",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    _text("who"),
    _text("reason"),
    _time("at"),
)

lowerings = sa.Table(
    "lowerings",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("tool", sa.Text, primary_key=True),
    sa.Column("at_most", sa.Integer, nullable=False),
    _text("why"),
    _time("at"),
    _text("raised_by", null=True),
    _time("raised_at", null=True),
)

event_sinks = sa.Table(
    "event_sinks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("tenant"),
    _text("url"),
    _text("secret_env"),
    sa.Column("private", sa.Boolean, nullable=False, default=False),
    sa.Column("patterns", sa.JSON, nullable=False),
    _text("state"),
    _text("why", default=""),
    sa.Column("cursor", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("refusals", sa.Integer, nullable=False, default=0),
    _time("failing_since", null=True),
    _time("next_try_at"),
    _time("delivered_at", null=True),
    _text("last_error", default=""),
    _text("owner", null=True),
    _time("lease_until", null=True),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    _time("created_at"),
)

event_deliveries = sa.Table(
    "event_deliveries",
    metadata,
    sa.Column("sink_id", sa.Text, sa.ForeignKey("event_sinks.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("state"),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    _time("due_at"),
    _text("error", default=""),
)
sa.Index("ix_event_deliveries_state", event_deliveries.c.sink_id, event_deliveries.c.state, event_deliveries.c.due_at)

channel_settings = sa.Table(
    "channel_settings",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("enabled", sa.Boolean),
    _text("mode", null=True),
    _text("words", null=True),
    sa.Column("autonomy", sa.Integer),
    sa.Column("per_minute", sa.Integer),
    _text("prompt", null=True),
    sa.Column("local_only", sa.Boolean),
    _text("hears", null=True),
    _text("agent", null=True),
    _text("changed_by"),
    _time("changed_at"),
)

mandates = sa.Table(
    "mandates",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    _text("body"),
    _time("at"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("subject"),
    _text("channel"),
    _text("title"),
    _text("details"),
    sa.Column("firing", sa.Boolean, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("opened", sa.Integer, nullable=False),
    _time("at"),
)
_unopened = alerts.c.opened < alerts.c.round
sa.Index("ix_alerts_unopened", alerts.c.at, sqlite_where=_unopened)

skill_runs = sa.Table(
    "skill_runs",
    metadata,
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    _text("tenant"),
    _text("skill"),
    _text("hash"),
    sa.Column("ok", sa.Boolean, nullable=False),
    sa.Column("changed", sa.Boolean, nullable=False),
    sa.Column("helped", sa.Boolean, nullable=True),
    sa.Column("seconds", sa.Double, nullable=False),
    _time("at"),
)
sa.Index("ix_skill_runs_newest", skill_runs.c.tenant, skill_runs.c.skill, skill_runs.c.at)

installations = sa.Table(
    "installations",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    _text("enterprise"),
    sa.Column("is_org", sa.Boolean, nullable=False),
    _text("name"),
    _text("url"),
    _text("app_id"),
    _text("bot_id"),
    _text("bot_user"),
    _text("scopes"),
    _text("sealed"),
    _time("expires_at", null=True),
    sa.Column("version", sa.Integer, nullable=False),
    _text("broken"),
    _text("refresher", null=True),
    _time("refresh_until", null=True),
    _text("installed_by"),
    _time("installed_at"),
    _time("updated_at"),
)

org_workspaces = sa.Table(
    "org_workspaces",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    _text("enterprise"),
)
sa.Index("ix_org_workspaces_enterprise", org_workspaces.c.enterprise)

oauth_states = sa.Table(
    "oauth_states",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    _time("expires_at"),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("terms", sa.Text, primary_key=True),
    sa.Column("given", sa.Boolean, nullable=False),
    _time("at"),
)
