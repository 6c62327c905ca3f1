"""What goes wrong is one sentence and an exit code: 2 for wrong usage, 1 for the rest. Never a traceback."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.conftest import Spawn


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def dead_port(taken_port: int) -> int:
    """A port nothing listens on; the one beside it is held, so that nobody takes it by chance meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unknown_command_is_wrong_usage(main: Spawn) -> None:
    done = main("nope")
    assert done.returncode == 2
    assert "No such command 'nope'" in done.stderr


def test_a_database_that_is_down_is_one_sentence(spawn: Spawn, main: Spawn, dead_port: int) -> None:
    """The next step is in it; the password is not."""
    url = f"postgresql+asyncpg://me:hunter2secret@127.0.0.1:{dead_port}/ops"
    for start, *command in ((spawn, "migrate"), (main, "audit", "verify"), (main, "audit", "show")):
        done = start(*command, AUTOPILOT_DATABASE_URL=url)
        assert (done.returncode, done.stdout) == (1, "")
        [sentence] = done.stderr.splitlines()
        assert "AUTOPILOT_DATABASE_URL" in sentence
        assert "hunter2secret" not in sentence


def test_a_database_url_that_is_none_is_one_sentence(main: Spawn) -> None:
    done = main("migrate", AUTOPILOT_DATABASE_URL="nonsense")
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "AUTOPILOT_DATABASE_URL" in sentence


def test_a_setting_that_does_not_fit_names_its_variable(main: Spawn) -> None:
    done = main("doctor", AUTOPILOT_CONSOLE_PORT="many")
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("autopilot: AUTOPILOT_CONSOLE_PORT: ")


def test_run_without_tokens_says_which_are_missing(spawn: Spawn) -> None:
    done = spawn("run")
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("autopilot: SLACK_BOT_TOKEN and SLACK_APP_TOKEN not set")


def test_a_port_in_use_is_named_by_the_demo(spawn: Spawn, taken_port: int) -> None:
    done = spawn("demo", "--no-browser", "--port", str(taken_port), "--shop-port", "0")
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert f"port {taken_port} is in use" in sentence


def test_a_document_that_does_not_parse_is_one_sentence(main: Spawn, tmp_path: Path) -> None:
    manifest = tmp_path / "broken.yaml"
    (tmp_path / "openapi.json").write_text("{'not': json")
    manifest.write_text(
        "service: {name: s, owner: o, base_url: 'http://127.0.0.1:1', openapi: openapi.json, egress: [127.0.0.1]}\n"
        "tools: []\n"
    )
    done = main("tools", "check", str(manifest))
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.endswith("openapi.json: file: is neither JSON nor YAML; save the service's openapi.json here")


def test_a_rule_with_a_mistake_is_named_with_file_line_and_rule(main: Spawn, tmp_path: Path) -> None:
    (tmp_path / "mine.cedar").write_text(
        '@id("grant-all")\npermit (principal, action, resource)\nwhen { context.call.nothing > 1 };\n'
    )
    (tmp_path / "cases.yaml").write_text("cases: [{case: one, call: {}, expect: allow}]\n")
    for command in ("check", "test"):
        done = main("policy", command, str(tmp_path))
        assert done.returncode == 1
        sentence = done.stderr.splitlines()[0]
        assert sentence.startswith(f"autopilot: {tmp_path / 'mine.cedar'}:1: rule 'grant-all': ")
        assert "Traceback" not in done.stderr
