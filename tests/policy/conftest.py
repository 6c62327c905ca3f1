"""One engine with the rules that ship, and a way to write a rules folder of one's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from policy.cedar import DEFAULT_RULES, PolicyEngine
from tests.policy.builders import GROUPS, TOOLS

WriteRules = Callable[..., Path]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> PolicyEngine:
    return PolicyEngine.load(DEFAULT_RULES, TOOLS, GROUPS, cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def rules_of(tmp_path: Path) -> WriteRules:
    """Write rules (and cases) into a folder and give it back."""

    def write(rules: str, cases: str = "cases: []", *, name: str = "some.cedar") -> Path:
        (tmp_path / name).write_text(rules)
        (tmp_path / "cases.yaml").write_text(cases)
        return tmp_path

    return write
