"""How loading policy can fail. Deciding never raises: it denies."""

from pathlib import Path


class PolicyError(Exception):
    """A policy file cannot be used as it is; the message names the place, the rule and what to do."""

    def __init__(self, problem: str, *, todo: str, file: Path | str, line: int = 0, rule: str = "") -> None:
        where = f"{file}:{line}" if line else str(file)
        named = f"rule {rule!r}: " if rule else ""
        super().__init__(f"{where}: {named}{problem}; {todo}")
        self.file = str(file)
        self.line = line
        """1-based; 0 when the whole file is meant"""
        self.rule = rule
        self.problem = problem
        self.todo = todo
