"""`autopilot worker` as people run it: a real hub on loopback, real processes, the printed words."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import Spawn, home, main

__all__ = ["home", "main"]
ENV_LINE = re.compile(r"export AUTOPILOT_HUB_URL=(\S+) AUTOPILOT_HUB_TOKEN=(\S+)")


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a fresh installation whose hub holds the sample messages."""
    root = str(Path(__file__).parents[2])
    path = {"PYTHONPATH": root, "PATH": "/usr/bin:/bin", "COLUMNS": "240"}
    hub = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "worker", "sample-hub", "--port", "0"],
        env=path,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert hub.stdout is not None
        found = ENV_LINE.search(hub.stdout.readline())
        assert found is not None
        yield path | {
            "AUTOPILOT_HOME": str(tmp_path / "home"),
            "AUTOPILOT_HUB_URL": found[1],
            "AUTOPILOT_HUB_TOKEN": found[2],
        }
    finally:
        hub.terminate()
        hub.wait(10)
        if hub.stdout is not None:
            hub.stdout.close()


def autopilot(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot.cli", "worker", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_a_rollout_from_the_command_line(environ: dict[str, str], main: Spawn) -> None:
    early = main("worker", "run", "--execute", **environ)
    assert early.returncode == 1
    assert "first run 'autopilot worker run --once --dry-run' until it is clean" in early.stderr

    dry = main("worker", "run", **environ)
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.count("would be done, because rule") == 4
    assert "    reply: Confirmed: your message has arrived.\n" in dry.stdout
    assert "clean; nothing was written to the hub" in dry.stdout

    acted = autopilot(environ, "run", "--once", "--execute")
    assert acted.returncode == 0, acted.stderr
    assert "clean; when you agree with all of it, it may run alone" in acted.stdout

    listed = main("worker", "escalations", **environ)
    assert "secrets and credentials" in listed.stdout
    assert listed.stdout.endswith("4 wait for people\n")

    command = [sys.executable, "-m", "bot.cli", "worker", "run", "--execute"]
    alone = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        assert alone.stdout is not None
        assert alone.stdout.readline() == "working unattended; Ctrl-C stops it\n"
        beside = autopilot(environ, "run", "--once", "--execute")
        assert "another inbox worker is running here" in beside.stderr
        alone.send_signal(signal.SIGTERM)
        assert alone.wait(20) == 0
    finally:
        alone.kill()
        alone.wait()
        if alone.stdout is not None:
            alone.stdout.close()


def test_wrong_use_is_one_sentence(main: Spawn) -> None:
    hub = {"AUTOPILOT_HUB_URL": "http://127.0.0.1:9", "AUTOPILOT_HUB_TOKEN": "made-up"}
    assert "is not one of rules, llm" in main("worker", "run", "--brain", "magic", **hub).stderr
    both = main("worker", "run", "--once", "--dry-run", "--execute", **hub)
    assert both.returncode == 2 and "exclude each other" in both.stderr
    no_token = main("worker", "run", **{**hub, "AUTOPILOT_HUB_TOKEN": ""})
    assert (no_token.returncode, no_token.stderr.count("\n")) == (1, 1)
    assert "AUTOPILOT_HUB_TOKEN not set" in no_token.stderr
    no_model = main("worker", "run", "--brain", "llm", **hub)
    assert "set AUTOPILOT_MODEL, or use --brain rules" in no_model.stderr
