"""A PostgreSQL with contrib, as Debian packages it: a cluster of our own beside whatever runs on the machine."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

INSTALLED, EXTENSIONS = Path("/usr/lib/postgresql"), Path("/usr/share/postgresql")
NEEDED = ("pg_stat_statements", "hypopg")
SETTINGS = """
listen_addresses = ''
shared_preload_libraries = 'pg_stat_statements'
fsync = off
max_connections = 30
shared_buffers = '16MB'
"""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    url: str
    """as its superuser, over a unix socket"""
    programs: Path


def found() -> Path:
    """The programs of the newest version that has what is needed. Without one: skipped, or failed where it must be."""
    versions = sorted((f for f in INSTALLED.glob("*") if f.name.isdigit()), key=lambda f: int(f.name), reverse=True)
    for version in versions:
        controls = [EXTENSIONS / version.name / "extension" / f"{name}.control" for name in NEEDED]
        if all(file.exists() for file in controls) and (version / "bin" / "initdb").exists():
            return version / "bin"
    missing = f"no Debian PostgreSQL with {' and '.join(NEEDED)}; apt-get install postgresql-NN postgresql-NN-hypopg"
    if os.environ.get("EXPECT_DEBIAN_POSTGRESQL"):  # .ci/run, when it could install one
        pytest.fail(missing)
    pytest.skip(missing)


@contextlib.contextmanager
def running(programs: Path) -> Iterator[Cluster]:
    """A fresh cluster, stopped in the end. PostgreSQL refuses to run as root, so root lends it Debian's own user."""
    as_whom = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def run(program: str, *arguments: str) -> None:
        subprocess.run([*as_whom, str(programs / program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")

    with tempfile.TemporaryDirectory(prefix="pgd-") as home:
        if as_whom:
            shutil.chown(home, "postgres")
        data = Path(home) / "data"
        run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
        with (data / "postgresql.conf").open("a") as file:
            file.write(SETTINGS + f"unix_socket_directories = '{home}'\n")
        run("pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", f"{home}/log", "start")
        try:
            yield Cluster(url=f"postgresql+asyncpg://postgres@/postgres?host={home}", programs=programs)
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
