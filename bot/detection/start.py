"""Begins to watch when there is a file that says what. Costs nothing where there is none."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.orchestrator.alerts import Alert


async def watch_file(
    file: Path | None, take: Callable[[str, Alert], Awaitable[bool]], tenants: Callable[[], Awaitable[Sequence[str]]]
) -> None:
    """Watch what the file names, until cancelled; nothing when there is none.

    Raises:
        BadDetection: the file cannot be used.
    """
    if file is not None:
        from bot.detection import definition, watching

        await watching.watch(definition.read(file), take, tenants)
