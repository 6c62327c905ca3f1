"""What people are asked and what they answered."""

import sqlalchemy as sa

from storage.tables.columns import metadata, spelled, text, time

proposals = sa.Table(
    "proposals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id"), nullable=False),
    text("call_id"),
    text("sealed"),
    text("tool"),
    text("state"),
    text("outcome", default=""),
    text("undoes", null=True),
    text("undone_by", null=True),
    text("superseded_by", null=True),
    text("plan_id", null=True),
    sa.Column("place", sa.Integer, nullable=False, default=0, server_default="0"),
    text("grant_id", null=True),
    text("verified", default=""),
    time("expires_at"),
    time("created_at"),
    time("decided_at", null=True),
    time("finished_at", null=True),
)
sa.Index("ix_proposals_task", proposals.c.tenant, proposals.c.task_id, proposals.c.created_at)
STILL_OPEN = proposals.c.state == spelled("open")
sa.Index("ix_proposals_open", proposals.c.expires_at, sqlite_where=STILL_OPEN)
ASKING = proposals.c.state.in_([spelled(state) for state in ("open", "in_doubt")])
sa.Index("ix_proposals_asking", proposals.c.tenant, proposals.c.created_at, sqlite_where=ASKING)
sa.Index("ix_proposals_plan", proposals.c.plan_id, proposals.c.place)
sa.Index("ix_proposals_recent", proposals.c.tenant, proposals.c.created_at)

seals = sa.Table(
    "seals",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    text("sealed"),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("granter"),
    text("requester"),
    text("tool"),
    text("tool_version"),
    text("subject"),
    text("says"),
    sa.Column("most_risk", sa.Integer, nullable=False),
    sa.Column("groups", sa.JSON, nullable=False),
    sa.Column("most", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
    text("proposal_id"),
    time("expires_at"),
    text("revoked_by", null=True),
    time("created_at"),
)
sa.Index("ix_grants_standing", grants.c.tenant, grants.c.tool, grants.c.expires_at)

votes = sa.Table(
    "votes",
    metadata,
    sa.Column("proposal_id", sa.Text, sa.ForeignKey("proposals.id"), primary_key=True),
    sa.Column("voter", sa.Text, primary_key=True),
    sa.Column("approve", sa.Boolean, primary_key=True),
    text("tenant"),
    text("reason", default=""),
    time("at"),
    sa.Column("stepped_up", sa.Text, nullable=False, server_default=""),
    time("stepped_up_at", null=True),
)

factors = sa.Table(
    "factors",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    text("secret"),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    time("tries_since"),
    time("enrolled_at"),
)

step_ups = sa.Table(
    "step_ups",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("proposal_id"),
    text("person"),
    sa.Column("tries", sa.Integer, nullable=False),
    time("expires_at"),
    time("used_at", null=True),
    time("created_at"),
)
sa.Index("ix_step_ups_person", step_ups.c.tenant, step_ups.c.person, step_ups.c.expires_at)

reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("proposal_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("audience", sa.Text, primary_key=True),
    text("tenant"),
    text("kind"),
    text("to_group", default=""),
    time("due_at"),
    time("done_at", null=True),
)
_undone = reminders.c.done_at.is_(None)
sa.Index("ix_reminders_due", reminders.c.due_at, sqlite_where=_undone)
