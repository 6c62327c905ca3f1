"""What ran, what it rests on, and the record."""

import sqlalchemy as sa

from storage.tables.columns import metadata, text, time

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    text("tenant"),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), nullable=False),
    text("invoked_by"),
    text("skill", default=""),
    text("tool"),
    text("tool_version"),
    text("tier"),
    sa.Column("approved_by", sa.JSON, nullable=False),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    text("reason_code", default=""),
    sa.Column("rules", sa.JSON, nullable=False),
    sa.Column("input", sa.JSON, nullable=False),
    text("idempotency_key"),
    text("correlation_id"),
    text("agent_version"),
    text("policy_version"),
    text("state"),
    sa.Column("output", sa.JSON),
    text("outcome", default=""),
    text("evidence", null=True),
    sa.Column("env", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("target", sa.Text, nullable=False, default="", server_default=""),
    sa.Column("blast", sa.Integer, nullable=False, default=0, server_default="0"),
    time("started_at"),
    time("finished_at", null=True),
)
sa.Index("ix_intents_tool", intents.c.tenant, intents.c.tool, intents.c.started_at)
sa.Index("ix_intents_recent", intents.c.tenant, intents.c.started_at)
sa.Index("ix_intents_task", intents.c.tenant, intents.c.task_id)
_changes = intents.c.tier != "read"
sa.Index("ix_intents_changes", intents.c.tenant, intents.c.started_at, sqlite_where=_changes)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    text("task_id"),
    text("tool"),
    text("label"),
    text("content"),
    time("at"),
    sa.Column("gone", sa.Text, nullable=False, server_default=""),
)
sa.Index("ix_evidence_task", evidence.c.tenant, evidence.c.task_id)
sa.Index("ix_evidence_old", evidence.c.at, sqlite_where=evidence.c.gone == "")

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    time("at"),
    text("event"),
    text("task_id"),
    text("correlation_id"),
    text("body"),
    text("prev"),
    text("hash"),
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
    text("hash"),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    text("statement"),
    sa.Column("published", sa.Boolean, nullable=False),
    time("at"),
)
