"""Commands as people run them: in this process for what they print, as processes where exit codes and stderr matter."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app

ROOT = Path(__file__).parents[2]
_OURS = ("AUTOPILOT_", "SLACK_", "SHOP_")
Cli = Callable[..., Result]
Spawn = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home, and no setting of whoever runs the tests."""
    for name in os.environ:
        if name.startswith(_OURS) or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AUTOPILOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUTOPILOT_CONSOLE_PORT", "0")
    monkeypatch.setenv("COLUMNS", "200")
    yield tmp_path / "home"


@pytest.fixture
def cli(home: Path) -> Iterator[Cli]:
    """Runs a command in this process, outside any event loop; logs go where they went before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def spawn(home: Path) -> Spawn:
    """Runs a command as a process of its own."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            cwd=home.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
