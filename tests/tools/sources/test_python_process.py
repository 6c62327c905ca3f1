"""A team's package runs apart from the bot: what it sees, what it may use, and what its end means for a call."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.tools.sources.conftest import context
from tools.admitting import validate
from tools.contract import JsonObject, Tool, ToolFailed
from tools.sources.confined import Files
from tools.sources.errors import SourceError
from tools.sources.package_process import CannotStart, PackageProcess
from tools.sources.python_source import load_python_source

MODULE = '''
import asyncio, os, socket, time
from pathlib import Path
from tools.contract import Change, Impact, ToolFailed
from tools.manifest import DryRun
from tools.sources.python_toolbox import Toolbox

print("a package that prints")
lab = Toolbox("lab", owner="o", egress=EGRESS)
READ = {"title": "'Looked'", "target": {"id": "'x'"}}
WRITE = {**READ, "says": "'Do it'", "verb": "do"}

@lab.read(**READ)
async def sees(port: int) -> dict[str, str]:
    """What there is."""
    print("noise on standard output")
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        network = "there"
    except OSError as error:
        network = type(error).__name__
    try:
        parent = str(len(Path(f"/proc/{os.getppid()}/environ").read_bytes()))
    except OSError as error:
        parent = type(error).__name__
    try:
        secret = Path(os.environ["PYTHONPATH"].split(":")[0], "audit.key").read_text()
    except OSError as error:
        secret = type(error).__name__
    return {**os.environ, "_secret": secret, "_network": network, "_parent": parent, "_pid": str(os.getpid())}

@lab.read(**READ)
async def eats(megabytes: int) -> int:
    """Takes memory."""
    return len(bytearray(megabytes * 1024 * 1024))

@lab.read(**READ)
async def blocks(seconds: float) -> int:
    """Does not listen."""
    time.sleep(seconds)
    return 1

@lab.write(**WRITE)
async def ends(how: str) -> int:
    """Ends."""
    if how == "exit":
        os._exit(3)
    if how == "refused":
        raise ToolFailed("not today", effect_possible=False, reason="refused")
    raise ValueError("oh")

@lab.write(**WRITE, tier="reversible")
async def put(value: int) -> dict[str, int]:
    """Puts."""
    return {"value": value}

@put.preview
async def look(value: int) -> Impact:
    return Impact(grade=DryRun.PREVIEWED, before={"value": 1}, changes=(Change(label="v", before=1, after=value),))

@put.undo
def back(value: int, before: dict[str, int]) -> dict[str, int]:
    return {"value": before["value"]}

@put.finding
def found(seen: dict[str, int]) -> str:
    return f"now {seen['value']}"
'''
ROOT = Path(__file__).parents[3]
Load = Callable[..., dict[str, Tool]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Install the package as pip would, and load it; its processes end with the test."""
    info = tmp_path / "lab_tools-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-tools\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ops_autopilot.tools]\nlab = lab_tools:lab\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-the-bots-own")
    with ExitStack() as closing:

        def loaded(egress: tuple[str, ...] = (), **environ: str) -> dict[str, Tool]:
            (tmp_path / "lab_tools.py").write_text(MODULE.replace("EGRESS", repr(egress)))
            (tmp_path / "audit.key").write_text("s3cret")
            files = Files(hidden=(str(tmp_path / "audit.key"),))
            return {tool.name: tool for tool in load_python_source("lab", closing, environ=environ, files=files)}

        yield loaded


async def call(tool: Tool, **arguments: object) -> JsonObject:
    given: JsonObject = dict(arguments)  # type: ignore[arg-type]  # plain values
    return await tool.run(validate(tool, given).parsed, context("k"))


async def _listening() -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    return server, int(server.sockets[0].getsockname()[1])


async def test_it_sees_its_own_variables_no_network_and_nothing_of_the_bot(load: Load) -> None:
    server, port = await _listening()
    async with server:
        tools = load(LAB_TOKEN="its-own")
        seen = await call(tools["lab.sees"], port=port)
        assert {name for name in seen if not name.startswith("_")} == {
            "PATH", "LANG", "LC_ALL", "PYTHONPATH", "MALLOC_ARENA_MAX", "LAB_TOKEN", "HOME", "TMPDIR",
        }  # fmt: skip
        assert seen["_network"] != "there" and seen["_pid"] != str(os.getpid())
        assert seen["_secret"] == "PermissionError", "the bot's own file, in the folder the package is in"
        again = await call(tools["lab.sees"], port=port)
        assert again["_pid"] == seen["_pid"], "it stays warm"
        with pytest.raises(ToolFailed, match="MemoryError") as failed:
            await call(tools["lab.eats"], megabytes=4_000)
        assert not failed.value.effect_possible


async def test_what_declares_egress_has_a_network(load: Load) -> None:
    server, port = await _listening()
    async with server:
        assert (await call(load(("127.0.0.1",))["lab.sees"], port=port))["_network"] == "there"


async def test_a_write_whose_process_ends_is_in_doubt_and_the_next_call_has_a_new_one(load: Load) -> None:
    tools = load()
    with pytest.raises(ToolFailed, match="ended before it answered; whether it took is not known") as failed:
        await call(tools["lab.ends"], how="exit")
    assert failed.value.effect_possible
    assert await call(tools["lab.put"], value=3) == {"value": 3}
    with pytest.raises(ToolFailed, match="not today") as failed:
        await call(tools["lab.ends"], how="refused")
    assert (failed.value.effect_possible, failed.value.reason) == (False, "refused")
    with pytest.raises(ToolFailed, match="ValueError: oh") as failed:
        await call(tools["lab.ends"], how="broken")
    assert (failed.value.effect_possible, failed.value.reason) == (True, "broken")


async def test_what_does_not_stop_is_stopped(load: Load) -> None:
    """Cancelled by its time limit, a call that does not listen is ended with its process."""
    tools = load()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await call(tools["lab.blocks"], seconds=3_600.0)
    assert await call(tools["lab.put"], value=4) == {"value": 4}


async def test_preview_undo_and_finding_come_from_the_package_as_well(load: Load) -> None:
    tool = load()["lab.put"]
    args = validate(tool, {"value": 7}).parsed
    assert tool.preview is not None and tool.undo is not None
    impact = await tool.preview(args, context())
    assert [(one.before, one.after) for one in impact.changes] == [(1, 7)]
    inverse = tool.undo(args, impact)
    assert not isinstance(inverse, str | None) and asyncio.iscoroutine(inverse)
    found = await inverse
    assert found is not None and (found.tool, found.arguments) == ("lab.put", {"value": 1})
    told = tool.finding(args, {"value": 7})
    assert asyncio.iscoroutine(told) and await told == "now 7"


@pytest.mark.long
async def test_a_package_that_changed_on_disk_is_not_taken_over_unseen(load: Load, tmp_path: Path) -> None:
    """What was registered, and sealed, is what runs: another one needs a restart."""
    tools = load()
    module = tmp_path / "lab_tools.py"
    module.write_text(module.read_text().replace('"""Puts."""', '"""Puts more."""'))
    with pytest.raises(ToolFailed, match="ended before"):
        await call(tools["lab.ends"], how="exit")
    with pytest.raises(ToolFailed, match="not those the bot began with; restart the bot") as failed:
        await call(tools["lab.put"], value=3)
    assert not failed.value.effect_possible


def test_what_the_bot_was_started_with_cannot_be_read_by_what_it_starts() -> None:
    """Programs with a network are in its own user namespace, so only this keeps them out."""
    bot = (
        "import ctypes, os, subprocess, sys\n"
        "from tools.sources.confined import hide_environment\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n"
        "if sys.argv[1] == 'hidden': hide_environment()\n"
        "seen = subprocess.run(['/bin/cat', f'/proc/{os.getpid()}/environ'], capture_output=True)\n"
        "sys.exit(seen.returncode)"
    )
    codes = [
        subprocess.run([sys.executable, "-c", bot, how], cwd=ROOT, check=False).returncode for how in ("hidden", "open")
    ]
    assert codes == [1, 0]


@pytest.mark.parametrize(
    ("why", "fix"),
    [
        ("let us leave the network", r"user namespaces .*or accept the network with AUTOPILOT_TOOL_NETWORK=host"),
        ("hide files from us", r"Landlock .*or accept that they are seen with AUTOPILOT_TOOL_FILES=host"),
    ],
)
def test_a_machine_that_cannot_hold_a_package_runs_none_unless_told(
    load: Load, monkeypatch: pytest.MonkeyPatch, why: str, fix: str
) -> None:
    not_ = "does not " if "network" in why else "cannot "

    def refused(self: PackageProcess) -> JsonObject:
        raise CannotStart(f"OSError: [Errno 1] the kernel {not_}{why}")

    monkeypatch.setattr(PackageProcess, "start", refused)
    with pytest.raises(SourceError, match=fix):
        load()


def test_a_package_that_ends_the_process_at_import_is_named(load: Load, tmp_path: Path) -> None:
    load()
    (tmp_path / "lab_tools.py").write_text("import os; os._exit(7)")
    with ExitStack() as closing, pytest.raises(SourceError, match="it ended before it said what it has"):
        load_python_source("lab", closing, environ={})
