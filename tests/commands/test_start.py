"""What a start loads: the command line is light, and a running bot holds nothing that only command lines need."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def loaded_by(script: str) -> set[str]:
    """The top-level modules a fresh interpreter holds after the script."""
    show = "\nimport sys\nprint(*(name for name, module in sys.modules.items() if module is not None))"
    done = subprocess.run([sys.executable, "-c", script + show], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_loads_nothing_heavy() -> None:
    """`autopilot --help` must not wait for a database toolkit."""
    heavy = {"sqlalchemy", "aiohttp", "slack_bolt", "httpx", "cedarpy", "structlog", "starlette", "litellm", "rich"}
    assert loaded_by("import bot.cli") & heavy == set()


def test_the_bot_loads_no_command_lines_of_libraries() -> None:
    """They cost half a second and 17 MB at every start; Alembic comes only when there is something to migrate."""
    found = loaded_by("from bot import light\nlight.skip_unused()\nimport bot.wiring")
    assert found & {"rich", "pygments", "prompt_toolkit", "alembic", "litellm", "asyncpg", "httpx._main"} == set()
    assert "structlog" in found
