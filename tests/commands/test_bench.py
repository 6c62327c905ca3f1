"""The benchmarks run, and write what they print. Whether the numbers are good is not for a test to say."""

import json
from pathlib import Path

import pytest

from bot.commands.bench.command import NAMES
from bot.commands.bench.numbers import quantile
from tests.commands.conftest import Cli


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_measures_something(cli: Cli, tmp_path: Path, name: str) -> None:
    out = tmp_path / "numbers.json"
    done = cli("bench", "--quick", "--only", name, "--out", str(out))
    assert done.exit_code == 0, done.output or done.exception
    report = json.loads(out.read_text())
    assert report["machine"]["cores"] >= 1
    [measured] = report["benchmarks"]
    for number in measured["numbers"]:
        # a difference may be none, and of some things there should be none
        assert number["value"] > 0 or number["name"].startswith("extra") or number["target"] == 0
        assert number["name"] in done.stdout


def test_an_unknown_benchmark_is_wrong_usage(cli: Cli) -> None:
    assert cli("bench", "--only", "speed").exit_code == 2


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.99, 4), (1, 4), (0, 1)])
def test_a_quantile_is_one_of_the_values(share: float, value: float) -> None:
    assert quantile([4, 1, 3, 2], share) == value
