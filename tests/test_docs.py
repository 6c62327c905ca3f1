"""The pages say what is: settings as they are read, links that lead somewhere, commands there are."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from bot.cli import app
from bot.settings import Settings
from bot.slack.cards.tasks import Word

ROOT = Path(__file__).parents[1]
COMMANDS = set(vars(get_command(app))["commands"])  # typer's type of a group is not public
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.fixture
def settings_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("settings_table", ROOT / "docs" / "settings_table.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_setting_is_explained_and_the_page_is_of_today(settings_table: ModuleType) -> None:
    assert sorted(settings_table.said_of()) == sorted(Settings.model_fields), "put a docstring below the new setting"
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert settings_table.written() == page, "run 'PYTHONPATH=. python docs/settings_table.py'"


def test_every_command_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert [name for name in sorted(COMMANDS) if f"`autopilot {name}" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files and headings; addresses elsewhere are not asked."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (heading and heading not in headings(there)):
            broken.append(target)
    assert broken == []


def test_every_page_is_found_from_the_readme() -> None:
    found = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if page.parent.name == "docs" and f"(docs/{page.name})" not in found] == []


def headings(page: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_files_of_a_page_exist(page: Path) -> None:
    """`autopilot X`, the settings and our own paths, wherever a page writes them as code."""
    text = page.read_text(encoding="utf-8")
    code = "\n".join(code_of(text))
    commands = set(re.findall(r"(?:^|\s|bin/)autopilot ([a-z]+)", code, re.M))
    assert commands <= COMMANDS, "no such command"
    words = set(re.findall(r"(?:^|\s)/autopilot ([a-z]+)", code, re.M))
    assert words <= {word.value for word in Word}, "no such word of the slash command"
    variables = set(re.findall(r"\bAUTOPILOT_[A-Z_]+", code))
    known = {f"AUTOPILOT_{name.upper()}" for name in Settings.model_fields}
    # Variables that hold a token are named where they are used, and read by that name.
    known |= {
        name for file in (ROOT / "bot").rglob("*.py") for name in re.findall(r"\bAUTOPILOT_[A-Z_]+", file.read_text())
    }
    assert variables <= known, "no such setting"
    paths = set(re.findall(r"(?<![\w/.-])((?:bot|tools|policy|storage|tests|docs)/[\w./-]+\w)", code))
    examples = {"tools/skills/queue-backlog/playbook.yaml"}
    assert [path for path in sorted(paths - examples) if not (ROOT / path).exists()] == []


def code_of(text: str) -> list[str]:
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.S)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    return [*blocks, *spans]
