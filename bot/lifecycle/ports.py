"""What the orchestrator needs from its edges, without knowing Slack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.records import Step, Task


class Progress(Protocol):
    """Where a running task thinks aloud. None of these blocks the runner; a lost edge is healed from the steps."""

    def plan(self, title: str) -> None: ...

    def thinking(self, delta: str) -> None: ...

    def say(self, delta: str) -> None: ...

    def step(
        self, step_id: str, title: str, status: str, *, details: str = "", output: str = "", link: str = ""
    ) -> None:
        """One step for people; status is pending | in_progress | complete | error."""
        ...

    async def close(self, *, waiting: bool, final: bool, broken: bool) -> None:
        """End the live output. `waiting`: people decide next; `final`: the task is over; `broken`: what was shown
        last is not in the transcript, so the next `recover` must draw it again from the steps."""
        ...


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that was read, or was not."""

    text: str = ""
    why: str = ""
    """why it was not read, in words for people; "" when it was"""


class Files(Protocol):
    """Where the files of requests are."""

    async def read(self, tenant: str, file_id: str, *, name: str, kind: str, size: int) -> Attachment:
        """What stands in a small text file; or why that is not known."""
        ...


class Stage(Protocol):
    """Opens live output for tasks, and heals what a crash left behind."""

    async def recover(self, task: Task, steps: Sequence[Step]) -> None:
        """Tidy up what an earlier worker left unfinished in the thread: every finished word readable once."""
        ...

    async def open(self, task: Task, steps: Sequence[Step]) -> Progress: ...

    async def context(self, task: Task) -> list[tuple[str, str]]:
        """(who, text) of the thread before the request, oldest first; [] when it is a fresh thread."""
        ...
