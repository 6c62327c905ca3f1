"""A file that nobody can have read is refused by name, before it costs memory or time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from policy import redaction_gitleaks
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.errors import PolicyError
from policy.risk import RiskTable
from policy.waiting import WaitingTable
from tests.policy.builders import GROUPS, TOOLS


def rules_of(file: Path) -> object:
    return PolicyEngine.load(file.parent, TOOLS, GROUPS)


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("autonomy.yaml", AutonomyTable.load),
        ("risk.yaml", RiskTable.load),
        ("waiting.yaml", lambda file: WaitingTable.load(GROUPS, file)),
        ("redaction.toml", redaction_gitleaks.load),
        ("more.cedar", rules_of),
        ("cases.yaml", rules_of),
    ],
)
def test_a_huge_file_is_refused_by_name(tmp_path: Path, name: str, load: Callable[[Path], object]) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(DEFAULT_RULES, folder)
    (folder / name).write_text("#" * 1_000_001)
    with pytest.raises(PolicyError, match=f"{name}: holds 1,000,001 bytes, more than 1,000,000"):
        load(folder / name)


def test_what_is_not_utf_8_is_said(tmp_path: Path) -> None:
    (tmp_path / "autonomy.yaml").write_bytes(b"default: \xff")
    with pytest.raises(PolicyError, match="is not UTF-8"):
        AutonomyTable.load(tmp_path / "autonomy.yaml")
