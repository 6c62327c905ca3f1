"""Where a new password goes, and nowhere else: a folder of secrets here, a Vault in `vault`."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tools.contract import ToolFailed


class SecretStore(Protocol):
    """Keeps one secret under each name. What it is given it never gives back, and no message of it holds a value.

    A new value is first kept beside the one in use, so that a crash at any moment leaves both at hand.
    """

    async def keep_next(self, name: str, value: str) -> None:
        """Keep a value beside the one in use.

        Raises:
            ToolFailed: it cannot be written; nothing happened.
        """
        ...

    async def use_next(self, name: str, value: str) -> None:
        """The value kept beside becomes the one in use; the one before stays at hand.

        Raises:
            ToolFailed: it cannot be written; both are still there.
        """
        ...

    async def drop_next(self, name: str) -> None:
        """Forget the value kept beside; one that cannot be forgotten stays, and a check names it."""
        ...

    async def kept_since(self, name: str) -> str | None:
        """Since when the value in use is there, as the store says it; None: there is none.

        Raises:
            ToolFailed: the store cannot be asked.
        """
        ...

    async def has_next(self, name: str) -> bool:
        """Whether a value is kept beside, which means that a change has not come to its end.

        Raises:
            ToolFailed: the store cannot be asked.
        """
        ...


def path_of(name: str) -> str:
    """Names of roles may hold anything; of a file's name they are only a part, as hex where they are odd."""
    plain = name if name.isascii() and name.replace("_", "").isalnum() else f"x{name.encode().hex()}"
    return f"postgres-{plain}"


@dataclass(frozen=True, kw_only=True)
class SecretFolder:
    """A folder that holds one secret a file, readable by its owner only: what secret managers mount and sync."""

    path: Path

    async def keep_next(self, name: str, value: str) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._file(name, ".next"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            says = f"the secret store cannot be written ({error.strerror}); nothing was changed"
            raise ToolFailed(says, effect_possible=False, reason="refused") from None

    async def use_next(self, name: str, value: str) -> None:
        current = self._file(name)
        try:
            if current.exists():
                current.replace(self._file(name, ".previous"))
            self._file(name, ".next").replace(current)
        except OSError as error:
            says = f"the secret store cannot be written ({error.strerror})"
            raise ToolFailed(says, effect_possible=True, reason="error") from None

    async def drop_next(self, name: str) -> None:
        self._file(name, ".next").unlink(missing_ok=True)

    async def kept_since(self, name: str) -> str | None:
        file = self._file(name)
        return str(file.stat().st_mtime) if file.exists() else None

    async def has_next(self, name: str) -> bool:
        return self._file(name, ".next").exists()

    def _file(self, name: str, suffix: str = "") -> Path:
        return self.path / f"{path_of(name)}{suffix}"
