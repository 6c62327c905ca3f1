"""What is learned from runs of skills."""

from storage import skill_runs, tasks
from storage.db import Database
from tests.builders import TENANT, a_new_task

RUNS = {"": (True, True), "a.": (True, None), "b.": (False, None), "c.": (True, False)}
"""path → (worked, helped)"""


async def test_the_newest_runs_say_how_often_a_skill_worked_and_helped(db: Database) -> None:
    async with db.write() as tx:
        task = await tasks.create(tx, a_new_task())
        since = await tx.time() - 10
        for path, (ok, helped) in [*RUNS.items(), *RUNS.items()]:  # told twice, kept once
            await skill_runs.add(
                tx,
                task,
                path=path,
                skill="mend",
                hashed="h",
                ok=ok,
                changed=helped is not None,
                helped=helped,
                since=since,
            )
    async with db.read() as tx:
        known = await skill_runs.learned(tx, TENANT)
        assert await skill_runs.learned(tx, "T0NEXTDOOR") == {}
    assert list(known) == ["mend"]
    one = known["mend"]
    assert (one.runs, one.ok, one.changed, one.helped, one.did_not_help) == (4, 3, 2, 1, 1)
    assert one.median_seconds >= 10
    assert one.last_helped_at is not None
