"""Files of a request and of what is added while it is worked on: read once, as data, so many and no more."""

from dataclasses import dataclass, field, replace

from bot.agent.attachments import MOST, attached
from bot.brains.base import Finished, Prompt, Saying, UserSaid
from bot.lifecycle.ports import Attachment
from bot.orchestrator.requests import Attached
from storage import steps as step_store
from storage.records import PostKind, StepKind
from storage.tables import posts
from tests.orchestrator.office import Office


@dataclass
class Drawer:
    """Where files are; it counts who was read."""

    read_ones: list[str] = field(default_factory=list)

    async def read(self, tenant: str, file_id: str, *, name: str, kind: str, size: int) -> Attachment:
        del tenant, kind, size
        self.read_ones.append(file_id)
        if name.endswith(".png"):
            return Attachment(why="I read text files only")
        if name.startswith("long"):
            return Attachment(text="x" * 20_000)
        return Attachment(text=f"{name} says: token=xoxb-1234567890-abcdefghijkl")


@dataclass
class Interrupted:
    """A brain to which somebody says more while it speaks for the first time."""

    office: Office
    more: tuple[Attached, ...]
    name: str = "interrupted"
    prompts: list[Prompt] = field(default_factory=list)

    async def think(self, prompt: Prompt):  # type: ignore[no-untyped-def]
        self.prompts.append(prompt)
        if len(self.prompts) == 1:
            later = replace(self.office.request(text="and this one", thread="1.0"), files=self.more)
            assert await self.office.desk.submit(later)
        yield Saying(delta="I looked.")
        yield Finished()


def _file(number: int, name: str = "") -> Attached:
    return Attached(id=f"F{number}", name=name or f"{number}.log", kind="text/plain", size=9)


def _heard(prompt: Prompt) -> dict[str, str]:
    said = [one for one in prompt.transcript if isinstance(one, UserSaid) and not one.trusted]
    return {one.by: one.text for one in said if one.by.startswith("file ")}


async def test_a_file_that_is_added_while_it_works_is_read_at_the_next_step(office: Office) -> None:
    """Secrets masked, as data, once; of what is no text the thread says so."""
    office.files = drawer = Drawer()
    brain = office.brain = Interrupted(office, (_file(2), _file(3, "screen.png"), _file(4, "long.log")))
    task = await office.desk.submit(replace(office.request(thread="1.0"), files=(_file(1),)))
    assert task is not None and await office.work()
    first, second = map(_heard, brain.prompts)
    assert list(first) == ["file 1.log"] and list(second) == [
        "file 1.log",
        "file 2.log",
        "file screen.png",
        "file long.log",
    ]
    assert "2.log says" in second["file 2.log"] and "xoxb-1234567890" not in second["file 2.log"]
    assert drawer.read_ones == ["F1", "F2", "F3", "F4"]
    async with office.db.read() as tx:
        told = [row.body["text"] for row in await tx.run(posts.select().where(posts.c.kind == PostKind.NOTICE))]
    assert sorted(map(str, told)) == [
        "I did not read `screen.png` (I read text files only).",
        "Of `long.log` (20,000 characters) I read the first 12,000.",
    ]


async def test_one_task_reads_so_many_files_and_says_so_of_the_others(office: Office) -> None:
    office.files = drawer = Drawer()
    brain = office.brain = Interrupted(office, tuple(_file(number) for number in range(MOST - 1, MOST + 3)))
    task = await office.desk.submit(
        replace(office.request(thread="1.0"), files=tuple(_file(number) for number in range(MOST - 1)))
    )
    assert task is not None and await office.work()
    assert len(drawer.read_ones) == MOST
    assert "10 files for one request" in _heard(brain.prompts[-1])[f"file {MOST}.log"]
    async with office.db.read() as tx:
        told = await step_store.of_task(tx, task)
    assert len(attached(told)) == sum(s.kind is StepKind.CONTEXT for s in told) == MOST + 3
