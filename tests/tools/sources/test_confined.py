"""What holds the programs of tools: real ones, that try to open, connect, signal and start what is not theirs."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.private_files import private_files
from bot.settings import Settings
from tools.sources import confined
from tools.sources.confined import Files, Limits, command

SOURCES = Path(confined.__file__).parent
PYTHON = (sys.prefix, sys.base_prefix)
OPEN = "import sys; print(open(sys.argv[1]).read())"
WRITE = "import sys; open(sys.argv[1], 'a').write('x')"


def tried(program: str, *argv: object, limits: Limits, folder: str = "") -> subprocess.CompletedProcess[str]:
    """Run a Python program within limits."""
    complaints, to_complain = os.pipe()
    with os.fdopen(complaints, "rb") as complained:
        try:
            return subprocess.run(
                command([sys.executable, "-S", "-c", program, *map(str, argv)], limits, to_complain, folder=folder),
                capture_output=True,
                text=True,
                env={},
                pass_fds=(to_complain,),
                check=False,
                timeout=60,
            )
        finally:
            os.close(to_complain)
            assert complained.read() == b""


def seeing(*reads: object, writes: object = (), hidden: object = ()) -> Limits:
    def names(given: object) -> tuple[str, ...]:
        return tuple(map(str, given)) if isinstance(given, tuple) else (str(given),)

    return Limits(files=Files(reads=(*PYTHON, *map(str, reads)), writes=names(writes), hidden=names(hidden)))


def test_it_opens_what_was_declared_and_nothing_else(tmp_path: Path) -> None:
    for name in ("declared", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    limits = seeing(tmp_path / "declared")
    assert tried(OPEN, tmp_path / "declared" / "file", limits=limits).stdout == "declared\n"
    assert "PermissionError" in tried(OPEN, tmp_path / "other" / "file", limits=limits).stderr
    assert "PermissionError" in tried(OPEN, "/etc/shadow", limits=limits).stderr
    assert "PermissionError" in tried(WRITE, tmp_path / "declared" / "file", limits=limits).stderr
    assert tried(WRITE, tmp_path / "other" / "file", limits=seeing(writes=tmp_path / "other")).returncode == 0
    assert (tmp_path / "other" / "file").read_text() == "otherx"
    assert tried(OPEN, tmp_path / "other" / "file", limits=Limits(files=None)).stdout == "otherx\n"


def test_it_writes_into_its_own_folder(tmp_path: Path) -> None:
    assert tried(WRITE, tmp_path / "new", limits=seeing(), folder=str(tmp_path)).returncode == 0
    assert "PermissionError" in tried(WRITE, tmp_path / "new", limits=seeing()).stderr


def test_the_bots_own_files_stay_hidden_in_a_folder_that_was_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a link, as a file that came later, and below a folder that may be written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    for name in ("home/autopilot.db", ".env", "audit.key", "free"):
        (tmp_path / name).write_text("s3cret")
    (tmp_path / "link").symlink_to(tmp_path / "audit.key")
    config = Settings(home=Path("home"), audit_key_file=Path("audit.key"))
    hidden = private_files(config)
    for limits in (seeing(tmp_path, hidden=hidden), seeing(writes=tmp_path, hidden=hidden)):
        for name in ("home/autopilot.db", ".env", "audit.key", "link"):
            assert "PermissionError" in tried(OPEN, tmp_path / name, limits=limits).stderr, name
        assert tried(OPEN, tmp_path / "free", limits=limits).stdout == "s3cret\n"
    named = private_files(Settings(database_url=f"sqlite:///{tmp_path}/x.db"))
    assert {f"{tmp_path}/x.db", f"{tmp_path}/x.db-wal"} <= set(named)


def test_without_a_network_it_reaches_no_socket_of_the_machine_either(tmp_path: Path) -> None:
    """The socket of a database or of a container daemon is a file, which no network namespace covers."""
    where = str(tmp_path / "socket")
    connect = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1]); print('connected')"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(where)
        server.listen()
        assert "PermissionError" in tried(connect, where, limits=seeing(tmp_path)).stderr
        assert tried(connect, where, limits=Limits(network=True, files=None)).stdout == "connected\n"
    pair = "import socket; socket.socketpair(); socket.socket(); print('made')"
    assert tried(pair, limits=seeing()).stdout == "made\n", "within itself it may talk"


def test_it_signals_nobody_but_itself() -> None:
    signal = "import os, sys; os.kill(int(sys.argv[1]), 0)"
    assert "PermissionError" in tried(signal, os.getpid(), limits=seeing()).stderr


def test_it_starts_only_so_many_processes() -> None:
    """Counted apart from what else its user runs. Root is held to no count, so here it becomes nobody first."""
    program = (
        "import ctypes, os, sys, time\n"
        "import confine_child\n"
        "os.setpgid(0, 0)\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534); ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n"
        "confine_child._leave(network=True)\n"
        "confine_child._limit({'RLIMIT_NPROC': 20})\n"
        "for count in range(100):\n"
        "    try:\n"
        "        if os.fork() == 0: time.sleep(60)\n"
        "    except BlockingIOError: break\n"
        "print(count, flush=True); os.killpg(0, 9)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=SOURCES, capture_output=True, text=True, check=False)
    assert int(ran.stdout) in range(10, 21), ran.stderr
