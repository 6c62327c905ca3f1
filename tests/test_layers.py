"""Imports point down only, and files stay small. Read from the source, so nothing is imported to check it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("bot", "tools", "policy", "storage")

# What each room may import, its own files aside. The order is that of the design: whoever is lower is known above.
GROUND = frozenset({"storage", "policy"})
TOOLS = GROUND | {"tools"}
BRAINS = TOOLS | {"bot.brains"}
LIFECYCLE = BRAINS | {"bot.lifecycle"}
FACTORS = frozenset({"storage", "bot.factors"})
AGENT = LIFECYCLE | {"bot.agent"}
ORCHESTRATOR = AGENT | FACTORS | {"bot.orchestrator"}
EDGES = frozenset(
    {"bot.slack", "bot.console", "bot.schedules", "bot.terminal", "bot.events", "bot.inbox", "bot.people", "bot.demo"}
    | {"bot.detection", "bot.notary"}
)
APART = frozenset(
    {"bot.failed", "bot.light", "bot.locks", "bot.logs", "bot.starting", "bot.tls"}
)  # of use to whoever starts a process
BUILT = frozenset(
    {"bot.settings", "bot.private_files", "bot.packages", "bot.tooling", "bot.thinking"}
)  # what foundation stands on
WIRING = ORCHESTRATOR | EDGES | APART | BUILT | {"bot.foundation", "bot.joining", "bot.wiring"}
MAY_IMPORT: dict[str, frozenset[str]] = {
    "storage": frozenset(),
    "policy": frozenset(),
    "tools": GROUND,
    "bot.brains": TOOLS,
    "bot.lifecycle": BRAINS,
    "bot.agent": LIFECYCLE,
    "bot.factors": frozenset({"storage"}),  # second factors: keys, links, codes, a provider; counts no vote
    "bot.orchestrator": AGENT | FACTORS,
    "bot.console": ORCHESTRATOR,
    "bot.schedules": ORCHESTRATOR,
    "bot.terminal": ORCHESTRATOR,
    "bot.events": GROUND,  # reads the record and sends it on; knows no task's work
    "bot.detection": ORCHESTRATOR,  # an incident is an alert, and an alert opens a task
    "bot.notary": frozenset({"storage"}),  # signs the record and publishes that; knows nothing of what it says
    "bot.hostile": ORCHESTRATOR | {"bot.terminal"},  # attacks the whole bot without Slack, for bench and tests
    "bot.inbox": ORCHESTRATOR,
    "bot.people": GROUND,  # who is on call; asks services, knows no task
    "bot.slack": ORCHESTRATOR | {"bot.schedules"},  # draws digests, and subscribes a channel to them
    "bot.demo": ORCHESTRATOR | {"bot.console"},  # says it in the same words when a port is taken
    "bot.failed": frozenset(),
    "bot.light": frozenset(),
    "bot.locks": frozenset(),
    "bot.logs": frozenset({"policy"}),  # lines are redacted
    "bot.settings": frozenset(),
    "bot.tls": frozenset(),
    "bot.private_files": frozenset({"bot.settings"}),
    "bot.packages": TOOLS | {"bot.settings", "bot.private_files"},
    "bot.starting": frozenset(),
    "bot.thinking": AGENT | {"bot.settings", "bot.starting"},
    "bot.tooling": TOOLS | {"bot.settings", "bot.private_files", "bot.packages", "bot.tls"},
    "bot.foundation": WIRING,
    "bot.joining": WIRING,
    "bot.wiring": WIRING,
    "bot.commands": WIRING | {"bot.failures", "bot.hostile"},
    "bot.failures": WIRING,
    "bot.guarded": frozenset({"bot.failures"}),
    "bot.cli": WIRING | {"bot.failures", "bot.commands", "bot.guarded", "bot.hostile"},
    "bot.entry": frozenset({"bot.cli", "bot.commands", "bot.guarded", "bot.light"}),
}
READS_SETTINGS = {
    "bot.private_files",
    "bot.packages",
    "bot.tooling",
    "bot.thinking",
    "bot.foundation",
    "bot.joining",
    "bot.wiring",
    "bot.failures",
    "bot.commands",
    "bot.cli",
    "bot.entry",
    "bot.guarded",
}
KNOWS_SLACK = {"bot.slack", "bot.demo", "bot.joining", "bot.wiring", "bot.commands"}
KNOWS_THE_ENVIRONMENT = {
    "bot/settings.py": "the one reader",
    "bot/brains/llm.py": "switches litellm's own network calls off",
    "bot/commands/bench/bot_process.py": "hands its own environment to the bot it measures",
    "bot/commands/bench/postgres.py": "a folder for the lock files of the PostgreSQL that comes from pip",
    "bot/demo/run.py": "hands its own environment to the bot it starts",
    "bot/demo/shop/__main__.py": "the sample service is a program of its own",
}
LONG = {
    "storage/verify_audit.py": "one file by promise: whoever checks the record copies it and nothing else",
    "tests/inbox/test_hostile_hub.py": "one way to lie after the other",
    "tests/slack/cards/test_any_text.py": "one property, for every slot of every card",
    "tests/slack/test_stream_rules.py": "one state machine's rules",
}


@dataclass(frozen=True, kw_only=True)
class Import:
    """One name that one line of one file brings in."""

    file: Path
    line: int
    module: str
    name: str = ""

    @property
    def importer(self) -> str:
        return room(".".join(self.file.with_suffix("").parts))

    @property
    def imported(self) -> str:
        # 'from bot import settings' brings in bot.settings
        return room(f"bot.{self.name}" if self.module == "bot" else self.module)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.importer} imports {self.module} {self.name}".rstrip()


def room(module: str) -> str:
    """The room a module is in: the top package, or below `bot` the part after it."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "bot" else parts[0]


def sources(*packages: str) -> list[Path]:
    return sorted(p.relative_to(ROOT) for package in packages for p in (ROOT / package).rglob("*.py"))


def imports_in(file: Path, text: str) -> Iterator[Import]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file=file, line=node.lineno, module=alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(
                    file=file, line=node.lineno, module=f"{'.' * node.level}{node.module or ''}", name=alias.name
                )


def breaks(found: Import) -> str:
    """Why this import may not be there; empty when it may."""
    if found.module.startswith("."):
        return "relative imports hide which room is meant; write the full name"
    if found.module.split(".")[0] == "litellm" and not str(found.file).startswith("bot/brains/llm"):
        return "only bot/brains/llm*.py imports litellm"
    if found.module.startswith(("slack_sdk", "slack_bolt")) and found.importer not in KNOWS_SLACK:
        return f"only {', '.join(sorted(KNOWS_SLACK))} know Slack's libraries"
    if found.module.split(".")[0] not in OURS or found.imported == found.importer:
        return ""
    if found.importer not in MAY_IMPORT:
        return f"{found.importer} has no place in MAY_IMPORT; say there what it may import"
    if found.imported == "bot.settings" and found.importer not in READS_SETTINGS:
        # Anyone may say that a setting is bad; reading them is another thing.
        return "" if found.name == "BadSettings" else "settings are read above and handed down as values"
    if found.imported not in MAY_IMPORT[found.importer]:
        return f"{found.importer} may import {', '.join(sorted(MAY_IMPORT[found.importer])) or 'nothing of ours'}"
    return ""


def every_import() -> list[Import]:
    return [found for file in sources(*OURS) for found in imports_in(file, (ROOT / file).read_text(encoding="utf-8"))]


def test_imports_point_down_only() -> None:
    """Lower rooms never learn who calls them."""
    found = every_import()
    assert len(found) > 500, "the sources were not found; look at ROOT"
    findings = [f"{one}: {why}" for one in found if one.importer in MAY_IMPORT and (why := breaks(one))]
    assert not findings, "\n".join(("these imports point up:", *findings))


def test_every_room_has_its_place() -> None:
    """A new package or module below `bot` is put in order before it grows."""
    rooms = {room(".".join(file.with_suffix("").parts)) for file in sources(*OURS)} - {"bot.__init__"}
    assert sorted(rooms - MAY_IMPORT.keys()) == []
    assert sorted(MAY_IMPORT.keys() - rooms) == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("storage/tasks.py", "from policy.types import Actor"),
        ("policy/risk.py", "import storage.records"),
        ("tools/gateway.py", "from bot.slack.outbox import Outbox"),
        ("bot/brains/rules.py", "from bot import slack"),
        ("bot/brains/rules.py", "from bot.lifecycle.states import State"),
        ("bot/agent/runner.py", "from bot.orchestrator.core import Orchestrator"),
        ("bot/orchestrator/core.py", "from bot.slack.stage import SlackStage"),
        ("bot/orchestrator/core.py", "from bot.settings import Settings"),
        ("bot/console/app.py", "from bot.slack.page import Page"),
        ("bot/slack/stage.py", "import litellm"),
        ("bot/agent/runner.py", "from slack_sdk.errors import SlackApiError"),
        ("bot/agent/runner.py", "from .prompt import prompt"),
    ],
)
def test_an_import_that_points_up_is_named(file: str, line: str) -> None:
    """The rule itself bites: each of these would be a finding."""
    (found,) = imports_in(Path(file), line)
    assert breaks(found)
    assert str(found).startswith(f"{file}:1: ")


def test_one_file_reads_the_environment() -> None:
    """Everything else is handed values, so a test or a second tenant can hand in others."""
    readers = {
        str(file)
        for file in sources(*OURS)
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in {("os", "environ"), ("os", "getenv"), ("os", "putenv")}
    }
    assert sorted(readers - KNOWS_THE_ENVIRONMENT.keys()) == []


def test_long_files_have_a_reason() -> None:
    """Past 300 lines we look for the second idea; where there is none, LONG says why."""
    lengths = {
        str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in sources(*OURS, "tests")
    }
    long = {file: lines for file, lines in lengths.items() if lines > 300}
    for file, lines in sorted(long.items(), key=lambda item: -item[1]):
        print(f"{lines:5} {file}: {LONG.get(file, 'no reason given')}")  # noqa: T201  # the list, with pytest -s
    assert sorted(long.keys() - LONG.keys()) == [], "find the second idea, or give a reason in LONG"
    assert sorted((LONG.keys() & lengths.keys()) - long.keys()) == [], "no longer long; take it off LONG"
