"""Commands as people run them: in this process for what they print, as processes where exit codes and stderr matter."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from bot import light
from bot.cli import app
from bot.cli import main as entry_point

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
def main(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Spawn]:
    """As `spawn`, but the entry point is called in this process: a second less for what needs no process."""
    root = logging.getLogger()
    handlers, level, logs = root.handlers[:], root.level, structlog.get_config()

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["autopilot", *arguments])
            patch.setattr(light, "skip_unused", lambda: None)  # other tests use some of that
            capsys.readouterr()
            try:
                entry_point()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**logs)


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
