"""The migration that makes one table of two: nothing anybody kept is lost."""

import sqlalchemy as sa
from alembic import command

from storage import evaluations, feedback, tasks
from storage.db import Database
from storage.migrate import MIGRATIONS, _config, migrate
from storage.row_security import EVERYTHING
from tests.builders import TENANT, a_new_task

[FILE] = (MIGRATIONS / "versions").glob("*_one_table_of_cases.py")
BEFORE = f"{int(FILE.name.partition('_')[0]) - 1:04}"
CASES = (
    'insert into evaluation_cases (id, tenant, source, subject, channel, thread_ts, task_id, "by", note, at) '
    "values ('c_1', :tenant, 'reaction', 'C:1', 'C', '1', :task, 'U0KIM', '', 2.0)"
)
REJECTED = (
    'insert into evaluations (id, tenant, kind, task_id, request, proposed, feedback, "by", agent, agent_version, at) '
    "values (:id, :tenant, 'rejected', :task, 'why?', '{}', 'not now', 'U0DANA', 'autopilot', 'v1', 1.0)"
)


async def test_what_was_kept_in_either_place_is_a_case(database_url: str) -> None:
    db = Database(database_url, sees=EVERYTHING)
    await migrate(db)
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())
    async with db.write() as tx:  # backwards, because the task's row is of today's version
        await tx.conn.run_sync(lambda sync: command.downgrade(_config(sync), BEFORE))
    async with db.write() as tx:
        for number in (1, 2):  # two rejections of one task, as they could be
            await tx.run(sa.text(REJECTED), {"id": f"v_{number}", "tenant": TENANT, "task": task.id})
        row = {"tenant": TENANT, "task": task.id}
        await tx.run(sa.text(CASES), row)
        await feedback.keep(tx, task, "U0SAM", "bad")
        await feedback.keep(tx, task, "U0ANA", "good")
    await migrate(db)
    async with db.read() as tx:
        found = await evaluations.newest(tx, tenant=TENANT)
    assert [(one.kind, one.by, one.task_id) for one in found] == [
        ("rejected", "U0DANA", task.id),
        ("rejected", "U0DANA", task.id),
        ("kept", "U0KIM", task.id),
        ("bad_answer", "U0SAM", task.id),
    ]
    assert {(one.channel, one.agent != "", one.thread_ts) for one in found[:2]} == {
        (task.channel, True, task.thread_ts)
    }
    assert found[2].subject == "C:1" and found[3].subject == f"{task.id}:U0SAM" and found[3].proposed == {}
    await db.close()
