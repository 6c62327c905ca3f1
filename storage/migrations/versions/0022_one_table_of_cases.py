"""Rejections, kept threads and answers that were no help: evaluation cases of one table."""

import sqlalchemy as sa
from alembic import op

from storage.row_security import protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NEW = ("subject", "channel", "thread_ts")
_OWN = 'id, tenant, kind, task_id, request, proposed, feedback, "by", agent, agent_version, at'
_COLUMNS = f"{_OWN}, {', '.join(_NEW)}"


def upgrade() -> None:
    with op.batch_alter_table("evaluations", schema=None) as batch_op:
        for name in _NEW:
            batch_op.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.execute("update evaluations set subject = id")
    op.execute(
        "update evaluations set "
        "channel = coalesce((select t.channel from tasks t where t.id = evaluations.task_id), ''), "
        "thread_ts = coalesce((select t.thread_ts from tasks t where t.id = evaluations.task_id), '')"
    )
    none = "cast('{}' as json)" if op.get_bind().dialect.name == "postgresql" else "'{}'"
    of_task = "coalesce(t.agent, ''), coalesce(t.agent_version, '')"
    op.execute(
        f"insert into evaluations ({_COLUMNS}) "  # noqa: S608  # our own words
        "select c.id, c.tenant, case c.source when 'reaction' then 'kept' else 'rejected' end, "
        f"""coalesce(c.task_id, ''), '', {none}, c.note, c."by", {of_task}, c.at, c.subject, c.channel, c.thread_ts """
        "from evaluation_cases c left join tasks t on t.id = c.task_id"
    )
    op.execute(
        f"insert into evaluations ({_COLUMNS}) "  # noqa: S608
        "select 'v_' || f.task_id || '_' || f.person, f.tenant, 'bad_answer', f.task_id, '', "
        f"{none}, '', f.person, {of_task}, f.at, f.task_id || ':' || f.person, t.channel, t.thread_ts "
        "from feedback f join tasks t on t.id = f.task_id where f.said = 'bad'"
    )
    with op.batch_alter_table("evaluations", schema=None) as batch_op:
        name = op.f("uq_evaluations_tenant_kind_subject")
        batch_op.create_unique_constraint(name, ["tenant", "kind", "subject"])
    op.drop_table("evaluation_cases")


def downgrade() -> None:
    op.create_table(
        "evaluation_cases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("thread_ts", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_cases")),
        sa.UniqueConstraint("tenant", "source", "subject", name=op.f("uq_evaluation_cases_tenant_source_subject")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in protect("evaluation_cases"):
            op.execute(statement)
    op.execute(
        'insert into evaluation_cases (id, tenant, source, subject, channel, thread_ts, task_id, "by", note, at) '
        """select id, tenant, 'reaction', subject, channel, thread_ts, task_id, "by", feedback, at """
        "from evaluations where kind = 'kept'"
    )
    op.execute("delete from evaluations where kind <> 'rejected'")
    with op.batch_alter_table("evaluations", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_evaluations_tenant_kind_subject"), type_="unique")
        for name in _NEW:
            batch_op.drop_column(name)
