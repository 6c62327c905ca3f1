"""On PostgreSQL a transaction sees the rows of its tenant only."""

from alembic import op

from storage.row_security import protect, unprotect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    "alerts",
    "api_tokens",
    "audit",
    "audit_heads",
    "channel_settings",
    "checkpoints",
    "evaluation_cases",
    "evaluations",
    "event_deliveries",
    "event_sinks",
    "evidence",
    "grants",
    "halts",
    "homes",
    "inbox",
    "intents",
    "posts",
    "proposals",
    "reminders",
    "rollout_runs",
    "run_leases",
    "schedule_runs",
    "schedules",
    "steps",
    "tasks",
    "votes",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in protect(table):
                op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in unprotect(table):
                op.execute(statement)
