"""Where people read and press."""

import sqlalchemy as sa

from storage.tables.columns import metadata, text, time

posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("tenant"),
    text("task_id", null=True),
    text("kind"),
    text("subject"),
    text("channel"),
    text("thread_ts", default=""),
    text("ts", null=True),
    sa.Column("wanted", sa.Integer, nullable=False, default=1),
    sa.Column("shown", sa.Integer, nullable=False, default=0),
    sa.Column("sending", sa.Boolean, nullable=False, default=False),
    text("owner", null=True),
    time("lease_until", null=True),
    time("due_at"),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("body", sa.JSON, nullable=False),
    time("created_at"),
    sa.UniqueConstraint("tenant", "kind", "subject", "channel"),
)
_behind = posts.c.shown < posts.c.wanted
sa.Index("ix_posts_behind", posts.c.due_at, sqlite_where=_behind)
sa.Index("ix_posts_task", posts.c.task_id)
sa.Index("ix_posts_subject", posts.c.tenant, posts.c.subject)
sa.Index("ix_posts_message", posts.c.tenant, posts.c.channel, posts.c.ts)
sa.Index("ix_posts_created", posts.c.created_at)

homes = sa.Table(
    "homes",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    time("opened_at"),
    sa.Column("seq", sa.BigInteger, nullable=False),
    text("shown", default=""),
    sa.Column("look", sa.JSON, nullable=True),
    text("owner", null=True),
    time("lease_until", null=True),
)

channel_settings = sa.Table(
    "channel_settings",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("enabled", sa.Boolean),
    text("mode", null=True),
    text("words", null=True),
    sa.Column("autonomy", sa.Integer),
    sa.Column("per_minute", sa.Integer),
    text("prompt", null=True),
    sa.Column("local_only", sa.Boolean),
    text("hears", null=True),
    text("agent", null=True),
    text("changed_by"),
    time("changed_at"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    text("subject"),
    text("channel"),
    text("title"),
    text("details"),
    sa.Column("firing", sa.Boolean, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("opened", sa.Integer, nullable=False),
    time("at"),
)
_unopened = alerts.c.opened < alerts.c.round
sa.Index("ix_alerts_unopened", alerts.c.at, sqlite_where=_unopened)

installations = sa.Table(
    "installations",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    text("enterprise"),
    sa.Column("is_org", sa.Boolean, nullable=False),
    text("name"),
    text("url"),
    text("app_id"),
    text("bot_id"),
    text("bot_user"),
    text("scopes"),
    text("sealed"),
    time("expires_at", null=True),
    sa.Column("version", sa.Integer, nullable=False),
    text("broken"),
    text("refresher", null=True),
    time("refresh_until", null=True),
    text("installed_by"),
    time("installed_at"),
    time("updated_at"),
)

org_workspaces = sa.Table(
    "org_workspaces",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    text("enterprise"),
)
sa.Index("ix_org_workspaces_enterprise", org_workspaces.c.enterprise)

oauth_states = sa.Table(
    "oauth_states",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    time("expires_at"),
)

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("terms", sa.Text, primary_key=True),
    sa.Column("given", sa.Boolean, nullable=False),
    time("at"),
)
