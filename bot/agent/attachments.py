"""Files that people attach: small text is read as data, like the thread; of all others people are told."""

from collections.abc import Callable, Sequence

from bot.lifecycle.hooks import Hooks
from bot.lifecycle.moves import note, tell
from bot.lifecycle.ports import Attachment, Files
from storage import steps as step_store
from storage.db import Database
from storage.records import JsonObject, Step, StepKind

LONGEST = 12_000
"""characters of one file that a brain is given"""
MOST = 10
"""files that one task reads"""


def unread(steps: Sequence[Step]) -> list[JsonObject]:
    """The files of this task's requests that were not looked at yet."""
    seen = _seen(steps)
    return [one for one in attached(steps) if str(one["id"]) not in seen]


def _seen(steps: Sequence[Step]) -> set[str]:
    return {str(s.body["file"]) for s in steps if s.kind is StepKind.CONTEXT and "file" in s.body}


def attached(steps: Sequence[Step]) -> list[JsonObject]:
    """The files that came with a task's requests, oldest first."""
    asked = [s.body.get("files") for s in steps if s.kind is StepKind.USER]
    return [one for files in asked if isinstance(files, list) for one in files if isinstance(one, dict)]


def title(files: Sequence[JsonObject]) -> str:
    """The step that people see while these are looked at."""
    return f"Looked at what is attached: {', '.join(str(one['name']) for one in files)}"


def in_code(name: str) -> str:
    """A file's name as Markdown shows it letter by letter."""
    return f"`{' '.join(name.replace('`', '').split())[:120] or 'a file'}`"


async def take_in(
    db: Database, files: Files | None, clean: Callable[[str], str], hooks: Hooks, steps: Sequence[Step]
) -> None:
    """Put what the unread files say into the transcript, secrets masked, as words nobody vouches for."""
    task, found, room = hooks.task, unread(steps), MOST - len(_seen(steps))
    told: list[tuple[StepKind, JsonObject]] = []
    left: list[str] = []
    cut: list[str] = []
    for number, one in enumerate(found):
        file_id, name = str(one["id"]), str(one["name"])
        kind, size = str(one["kind"]), int(str(one["size"]))
        read = Attachment(why="files cannot be read here")
        if number >= room:
            read = Attachment(why=f"I read {MOST} files for one request; ask again about the others")
        elif files is not None:
            read = await files.read(task.tenant, file_id, name=name, kind=kind, size=size)
        text = clean(read.text)
        if len(text) > LONGEST:
            cut.append(f"{in_code(name)} ({len(text):,} characters)")
            text = f"{text[:LONGEST]}\n[cut: the file has {len(text):,} characters]"
        said = f"[the attached file was not read: {read.why}]" if read.why else text
        told.append((StepKind.CONTEXT, {"by": f"file {name}", "text": said, "file": file_id}))
        if read.why:
            left.append(f"{in_code(name)} ({read.why})")
    async with db.write() as tx:
        await step_store.append(tx, task, task.turns, told)
        read_ones = [str(one["name"]) for one in found]
        await note(tx, task, "files_read", {"files": [*read_ones], "not_read": [*left]})
        if cut:
            said = f"Of {', '.join(cut)} I read the first {LONGEST:,}."
            await tell(tx, task, f"files-cut:{task.id}:{found[0]['id']}", said, kind="answer")
        if left:
            subject = f"files:{task.id}:{found[0]['id']}"
            await tell(tx, task, subject, f"I did not read {'; '.join(left)}.", kind="answer")
