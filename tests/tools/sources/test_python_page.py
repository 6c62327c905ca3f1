"""The page's one example, word for word, installed as a package: it keeps every promise."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.commands.conftest import Cli, cli, home
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Promise, Verdict
from tools.contract import Tool
from tools.sources.errors import SourceError
from tools.sources.python_source import load_python_source

__all__ = ["cli", "home"]
PAGE = Path(__file__).parents[3] / "docs" / "write-a-tool-in-python.md"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's module and entry point, as pip lays them down."""
    page = PAGE.read_text(encoding="utf-8")
    code, toml = (re.search(rf"```{kind}\n(.*?)```", page, re.S) for kind in ("python", "toml"))
    assert code and toml
    entry = re.search(r'(?m)^queues = "(.*)"$', toml[1])
    assert entry
    (tmp_path / "queue_tools.py").write_text(code[1])
    info = tmp_path / "queue_tools-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: queue-tools\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[ops_autopilot.tools]\nqueues = {entry[1]}\nbroken = queue_tools:WORKERS\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def by_name(tools: list[Tool]) -> dict[str, Tool]:
    return {tool.name: tool for tool in tools}


@pytest.mark.usefixtures("installed")
async def test_the_example_keeps_every_promise() -> None:
    with ExitStack() as closing:
        tools = by_name(load_python_source("queues", closing, environ={}))
        tried = await Suite(tools=tools, changes=True).run()
    assert [one for one in tried if one.verdict is not Verdict.KEPT] == []
    assert {one.promise for one in tried} == set(Promise)


@pytest.mark.usefixtures("installed")
def test_the_example_is_listed_and_checked_by_the_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOPILOT_TOOL_PACKAGES", "queues")
    assert "queues.set_workers" in cli("tools", "list").stdout
    done = cli("tools", "check", "--changes")
    assert done.exit_code == 0, done.stdout
    assert "✓ queues.set_workers: undo restores the state before" in done.stdout


@pytest.mark.usefixtures("installed")
def test_what_is_no_toolbox_or_not_there_is_named() -> None:
    with ExitStack() as closing:
        with pytest.raises(SourceError, match=r"'broken'.*is a dict; name a Toolbox"):
            load_python_source("broken", closing, environ={})
        with pytest.raises(SourceError, match=r"no installed package has it; there are: broken, queues"):
            load_python_source("quues", closing, environ={})


def test_a_package_that_breaks_at_import_is_named(installed: Path) -> None:
    (installed / "queue_tools.py").write_text("import no_such_module_here")
    with ExitStack() as closing, pytest.raises(SourceError, match=r"cannot be imported: ModuleNotFoundError"):
        load_python_source("queues", closing, environ={})
