"""What we hand out: the wheel holds every file the code reads, and the locks hold what pyproject.toml asks for."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OURS = ("bot", "tools", "policy", "storage")
IGNORED = {"__pycache__"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this checkout, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_our_packages(wheel: Path) -> None:
    """Rules, manifests, skills, templates, pages: whatever lies beside the code travels with it."""
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in OURS
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not IGNORED & set(path.parts)
    }
    with zipfile.ZipFile(wheel) as archive:
        assert sorted(expected - set(archive.namelist())) == []
    kinds = {Path(name).suffix for name in expected}
    assert kinds >= {".py", ".html", ".js", ".css", ".yaml", ".json", ".cedar", ".cedarschema", ".mako", ".md"}


def test_the_wheel_holds_the_app_manifest_where_the_demo_looks(wheel: Path) -> None:
    """bot/demo/run.py reads it beside `bot`, in a checkout and in site-packages alike."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("app_manifest.yml") == (ROOT / "app_manifest.yml").read_bytes()


def locked(name: str) -> dict[str, str]:
    """Package to version, of one lock."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {canonicalize_name(m[1]): m[2] for m in re.finditer(r"(?m)^([A-Za-z0-9_.-]+)==([^\s;]+)", text)}


def wanted() -> tuple[list[str], list[str], list[str]]:
    """What pyproject.toml asks for: to run, to build, to develop."""
    text = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = text["dependency-groups"]
    return text["project"]["dependencies"], groups["build"], [one for one in groups["dev"] if isinstance(one, str)]


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_a_lock_holds_what_pyproject_asks_for(name: str) -> None:
    """An edited dependency without 'make lock' is named here, not found by the next person who installs."""
    run, build, dev = wanted()
    versions = locked(name)
    asked = [Requirement(text) for text in run + build + (dev if name == "dev.txt" else [])]
    stale = [
        str(one)
        for one in asked
        if versions.get(canonicalize_name(one.name)) is None
        or not one.specifier.contains(versions[canonicalize_name(one.name)], prereleases=True)
    ]
    assert stale == [], f"requirements/{name} is older than pyproject.toml; run 'make lock'"


@pytest.mark.parametrize("name", ["bootstrap.txt", "run.txt", "dev.txt"])
def test_every_locked_package_has_a_hash_and_no_address(name: str) -> None:
    """An install takes the very files the tests ran with, from whichever index it is given."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert packages
    assert [line for line in packages if "--hash=sha256:" not in line or "://" in line] == []


def test_what_runs_is_what_was_tested() -> None:
    """Both locks agree on every package they share."""
    run, dev = locked("run.txt"), locked("dev.txt")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}
