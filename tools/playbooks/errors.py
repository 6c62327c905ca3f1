"""What is wrong with a skill; found when it is read, never while it runs."""

from pathlib import Path

from tools.errors import ToolError


class SkillError(ToolError):
    """A skill cannot be used. Says the file and line, what is wrong, and what to do."""

    def __init__(self, file: Path, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


class UnknownSkill(ToolError):
    """No skill of this name is there."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no skill {name!r}; known: {', '.join(sorted(known)) or 'none'}")
