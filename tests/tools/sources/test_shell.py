"""Commands as tools, with real programs: what reaches them, what their end means, and that nothing else gets in."""

import asyncio
import contextlib
import json
import re
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.tools.sources.conftest import context
from tools.admitting import BadArguments, validate
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Verdict
from tools.contract import JsonObject, Tool, ToolFailed
from tools.registry import Registry
from tools.sources import shell_command, shell_process
from tools.sources.confined import Limits
from tools.sources.errors import SourceError
from tools.sources.shell import load_shell_source

PAGE = Path(__file__).parents[3] / "docs" / "write-a-tool-from-a-command.md"
PYTHON = [sys.prefix, sys.base_prefix]
One = Callable[..., Tool]


@pytest.fixture
def one(tmp_path: Path) -> One:
    """A tool of one Python program, which sees its arguments, environment and standard input."""

    def made(program: str, *argv: str, tool: Any = None, shell: Any = None, **command: Any) -> Tool:
        script = tmp_path / "program.py"
        script.write_text(f"import json, os, sys, time\n{program}")
        entry = {
            "name": "x.do",
            "summary": "does it",
            "tier": "read",
            "title": "'Did it'",
            "target": {"id": "'x'"},
            "command": {"argv": [sys.executable, "-S", "-E", str(script), *argv], "output": "json", **command},
            **(tool or {}),
        }
        manifest = tmp_path / "x.yaml"
        header = {"name": "x", "owner": "o", "folder": str(tmp_path), "reads": PYTHON, "writes": [str(tmp_path)]}
        header |= shell or {}
        manifest.write_text(yaml.safe_dump({"shell": header, "tools": [entry]}))
        return load_shell_source(manifest, environ={"SECRET": "s3cret", "HOME": "/root", "WANTED": "yes"})[0]

    return made


async def run(tool: Tool, arguments: JsonObject | None = None, key: str = "k") -> JsonObject:
    return await tool.run(validate(tool, arguments or {}).parsed, context(key))


CHANGES = {"tier": "irreversible", "says": "'Do it'", "verb": "do"}
SAY_ARGV = "print(json.dumps(sys.argv[1:]))"


@pytest.mark.parametrize("value", ["; rm -rf /", "$(id)", "`id`", "a b", "a\nb", "'\"", "*", "../..", "é", "|cat", "&"])
async def test_a_value_stays_one_argument_whatever_is_in_it(one: One, value: str) -> None:
    tool = one(SAY_ARGV, "--name={name}", "{name}", arguments={"name": {}})
    assert (await run(tool, {"name": value}))["json"] == [f"--name={value}", value]


@pytest.mark.parametrize("value", ["--help", "-", "-rf", "a\0b", "\x1b[2J", "x" * 1001])
async def test_a_value_that_could_be_an_option_or_no_argument_is_refused(one: One, value: str) -> None:
    tool = one(SAY_ARGV, "{name}", arguments={"name": {}})
    with pytest.raises(BadArguments):
        validate(tool, {"name": value})


@pytest.mark.parametrize(
    ("declared", "taken"),
    [({}, False), ({"dash": True}, True), ({"min": -9}, True), ({"one_of": [-1, 1]}, True)],
    ids=["by default", "dash", "min", "one_of"],
)
async def test_a_negative_number_is_an_option_unless_it_is_meant(one: One, declared: JsonObject, taken: bool) -> None:
    """`kill {pid}` with -1 ends every process there is."""
    tool = one(SAY_ARGV, "{pid}", arguments={"pid": {"type": "number", **declared}})
    if taken:
        assert (await run(tool, {"pid": -1}))["json"] == ["-1"]
        return
    with pytest.raises(BadArguments, match="could be read as an option"):
        validate(tool, {"pid": -1})


def test_another_command_under_the_same_name_is_another_version(one: One) -> None:
    """Whoever approved `restart` did not approve what the file says now."""
    before, after = (Registry([one(SAY_ARGV, word)]).version("x.do") for word in ("restart", "delete"))
    assert before != after == Registry([one(SAY_ARGV, "delete")]).version("x.do")


async def test_types_bounds_and_what_is_not_given(one: One) -> None:
    arguments = {
        "count": {"type": "number", "min": 1, "max": 9},
        "size": {"one_of": ["s", "m"], "default": "m"},
        "all": {"type": "yes_no", "optional": True},
    }
    tool = one(SAY_ARGV, "{count}", "--size={size}", "--all={all}", arguments=arguments)
    assert (await run(tool, {"count": 3}))["json"] == ["3", "--size=m"]
    assert (await run(tool, {"count": 3, "all": True, "size": "s"}))["json"] == ["3", "--size=s", "--all=true"]
    wrongs: list[JsonObject] = [{"count": 10}, {"count": "3"}, {"count": 3, "size": "xl"}, {"count": 3, "more": 1}, {}]
    for wrong in wrongs:
        with pytest.raises(BadArguments):
            validate(tool, wrong)


async def test_a_program_sees_nothing_of_our_environment_but_what_the_manifest_passes(one: One) -> None:
    program = "print(json.dumps({**os.environ, 'cwd': os.getcwd(), 'stdin': sys.stdin.read()}))"
    shell = {
        "path": ["/usr/bin"],
        "environment": {"REGION": "eu"},
        "pass_environment": ["WANTED", "NOT_SET"],
        "folder": "",
    }
    tool = one(program, shell=shell, stdin="hello {name}", arguments={"name": {}})
    seen = (await run(tool, {"name": "you"}))["json"]
    assert isinstance(seen, dict)
    seen.pop("LC_CTYPE", None)
    wanted = {"PATH": "/usr/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "REGION": "eu", "WANTED": "yes"}
    cwd = str(seen.pop("cwd"))
    assert seen == {**wanted, "stdin": "hello you", "HOME": cwd, "TMPDIR": cwd}
    assert not Path(cwd).exists(), "a folder of its own, gone with it"  # noqa: ASYNC240 - nothing else runs here


async def test_a_change_gets_the_same_key_for_every_attempt(one: One) -> None:
    tool = one("print(json.dumps(os.environ['IDEMPOTENCY_KEY']))", tool=CHANGES)
    assert (await run(tool, key="t:1"))["json"] == "t:1"


@pytest.mark.parametrize(
    ("code", "reason", "possible", "says"),
    [(3, "refused", False, "no such thing"), (4, "error", True, "ended with 4: half done"), (5, "error", True, "oops")],
)
async def test_exit_codes_are_outcomes(one: One, code: int, reason: str, possible: bool, says: str) -> None:
    exits = {3: {"means": "refused", "says": "no such thing"}, 4: {"means": "failed", "says": "half done"}}
    tool = one(f"sys.stderr.write('oops'); sys.exit({code})", tool=CHANGES, exits=exits)
    with pytest.raises(ToolFailed, match=says) as failed:
        await run(tool)
    assert (failed.value.reason, failed.value.effect_possible) == (reason, possible)


async def test_a_code_that_means_ran_is_an_answer(one: One) -> None:
    tool = one("print('[]'); sys.exit(1)", exits={1: {"means": "ran"}})
    assert await run(tool) == {"exit": 1, "json": []}


async def test_a_program_that_does_not_end_is_stopped_with_everything_it_started(one: One, tmp_path: Path) -> None:
    program = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    tool = one(program, tool={**CHANGES, "timeout_seconds": 5})
    with pytest.raises(ToolFailed, match="did not end within 5 s and was stopped") as failed:
        await run(tool)
    assert (failed.value.reason, failed.value.effect_possible) == ("timeout", True)
    child = int((tmp_path / "child").read_text())
    with contextlib.suppress(psutil.NoSuchProcess):  # killed, though a busy machine may take a moment to end it
        left = psutil.Process(child)
        async with asyncio.timeout(30):
            while left.is_running() and left.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - the kernel tells of it by no event
                await asyncio.sleep(0.01)


async def test_a_program_that_floods_is_stopped(one: One) -> None:
    tool = one("while True: print('x' * 10000)", output="text")
    with pytest.raises(ToolFailed, match="said more than 256 KiB") as failed:
        await run(tool)
    assert (failed.value.reason, failed.value.effect_possible) == ("bad_response", False)


OPEN = {"network": "host"}
SMALL = {"memory_mb": 256, "file_mb": 1}
CONNECT = "import socket; socket.create_connection(('127.0.0.1', {port}), 5); print(json.dumps('connected'))"


async def test_a_program_has_no_network_unless_it_declares_where_it_goes(one: One) -> None:
    """Not even loopback: what listens there is the bot's and its neighbours'."""
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as server:
        program = CONNECT.format(port=server.sockets[0].getsockname()[1])
        with pytest.raises(ToolFailed, match="Network is unreachable"):
            await run(one(program))
        assert (await run(one(program, tool={"egress": ["127.0.0.1"]})))["json"] == "connected"
        assert (await run(one(program, shell=OPEN)))["json"] == "connected"


async def test_where_the_network_cannot_be_taken_away_nothing_runs(one: One, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell_command, "cannot_leave_network", lambda: "no namespaces here")
    with pytest.raises(ToolFailed, match=r"declares no `egress:`.*no namespaces here") as failed:
        await run(one("print(1)", tool=CHANGES))
    assert not failed.value.effect_possible
    assert (await run(one("print(1)", shell=OPEN)))["json"] == 1


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("x = bytearray(600 * 1024 * 1024); print(1)", "MemoryError"),
        ("open('big', 'wb').write(b'x' * (2 * 1024 * 1024)); print(1)", "File too large|signal 25"),
    ],
)
async def test_a_program_has_only_so_much_memory_and_disk(one: One, program: str, says: str) -> None:
    with pytest.raises(ToolFailed, match=says):
        await run(one(program, shell=SMALL))


async def test_a_program_that_only_computes_runs_out_of_processor_time(one: One) -> None:
    """Also one that left our process group."""
    limits = Limits(network=True, files=None, seconds=0)
    argv = [sys.executable, "-S", "-c", "while True: pass"]
    ended = await shell_process.run(argv, environ={}, folder="/", seconds=60, limits=limits)
    assert isinstance(ended, shell_process.Ended)
    assert ended.code == -signal.SIGKILL


async def test_a_flood_of_errors_keeps_nobody_waiting(one: One) -> None:
    tool = one("sys.stderr.write('e' * 3_000_000); print(1)")
    assert await run(tool) == {"exit": 0, "json": 1}


async def test_what_is_not_there_or_no_json_is_said(one: One, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"did not answer JSON but 'oh no'"):
        await run(one("print('oh no')"))
    manifest = tmp_path / "x.yaml"
    declared = yaml.safe_load(manifest.read_text())
    declared["tools"][0]["command"]["argv"] = ["no-such-program"]
    manifest.write_text(yaml.safe_dump(declared))
    [tool] = load_shell_source(manifest, environ={})
    with pytest.raises(ToolFailed, match="'no-such-program' cannot be started") as failed:
        await run(tool)
    assert not failed.value.effect_possible


async def test_binary_output_is_text_with_holes(one: One) -> None:
    tool = one("sys.stdout.buffer.write(b'a\\xff\\x00b\\nc')", output="lines")
    assert await run(tool) == {"exit": 0, "lines": ["a\ufffd\x00b", "c"], "count": 2}


@pytest.mark.parametrize(
    ("argv", "command", "says"),
    [
        (("{name}",), {}, r"\{name\} is no argument; declare it"),
        ((), {"arguments": {"name": {}}}, "stands nowhere in `argv:`"),
        (("{name}",), {"arguments": {"name": {"pattern": "("}}}, "is no regular expression"),
        ((), {"exits": {2: {"means": "fine"}}}, "means: input should be"),
        ((), {"verify": {"tool": "x.see", "holds": "true", "says": "''"}}, "is a read; only what changes something"),
    ],
)
def test_a_manifest_that_does_not_fit_is_named(one: One, argv: Any, command: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        one(SAY_ARGV, *argv, **command)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page's manifest, over a program that keeps its state in a file."""
    program = tmp_path / "workers-ctl"
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, pathlib, sys\n"
        f"kept = pathlib.Path({str(tmp_path / 'kept.json')!r})\n"
        "state = json.loads(kept.read_text())\n"
        "command, queue = sys.argv[1], sys.argv[-1] if sys.argv[1] == 'show' else sys.argv[2]\n"
        "if queue not in state: sys.exit(4)\n"
        "if command == 'set':\n"
        "    state[queue] = int(sys.argv[3].removeprefix('--count='))\n"
        "    kept.write_text(json.dumps(state))\n"
        "print(json.dumps({'workers': state[queue]}))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "kept.json").write_text('{"emails": 2}')
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert found
    manifest = tmp_path / "workers.yaml"
    text = found[1].replace("/opt/ops/bin", str(tmp_path)).replace("/var/lib/workers", str(tmp_path))
    manifest.write_text(text.replace("tools:", f"  reads: {json.dumps(PYTHON)}\n\ntools:", 1))
    return manifest


async def test_the_pages_example_keeps_every_promise(page: Path) -> None:
    tools = {tool.name: tool for tool in load_shell_source(page, environ={})}

    async def state() -> str:
        return (page.parent / "kept.json").read_text()

    tried = await Suite(tools=tools, state=state, changes=True).run()
    assert [one for one in tried if one.verdict is Verdict.BROKEN] == []
    with pytest.raises(ToolFailed, match="there is no such queue"):
        await run(tools["workers.show"], {"queue": "nosuch"})
