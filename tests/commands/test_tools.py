"""Looking at tools: the manifests as declared, and what a manifest that loads still gets wrong."""

from pathlib import Path

import pytest
import yaml

from bot.wiring import SHOP
from tests.commands.conftest import Cli
from tools.sources.errors import SourceError
from tools.sources.yaml_text import read_yaml


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """The sample shop's manifest with its document, to be changed by a test."""
    for name in ("shop.yaml", "shop.openapi.json"):
        (tmp_path / name).write_text((SHOP.parent / name).read_text())
    return tmp_path / "shop.yaml"


def change(manifest: Path, tool: str, **fields: object) -> None:
    declared = read_yaml(manifest.read_text())
    entry = next(entry for entry in declared["tools"] if entry["name"] == tool)
    entry.update(fields)
    manifest.write_text(yaml.safe_dump(declared))


def test_the_list_says_what_each_change_can_take_back(cli: Cli) -> None:
    lines = {line.split()[0]: line.split()[1:] for line in cli("tools", "list").stdout.splitlines()}
    assert lines["shop.set_flag"] == ["reversible", "yes", "yes", "yes", "shop-team"]
    assert lines["shop.backfill"] == ["irreversible", "yes", "no", "yes", "shop-team"]
    assert lines["shop.error_rate"] == ["read", "shop-team"]


def test_one_tool_is_shown_with_its_arguments(cli: Cli) -> None:
    shown = yaml.safe_load(cli("tools", "show", "shop.error_rate").stdout)
    assert shown["tier"] == "read"
    assert set(shown["arguments"]["properties"]) == {"service", "minutes"}


def test_the_shipped_manifest_fits_and_says_what_has_no_undo(cli: Cli) -> None:
    done = cli("tools", "check")
    assert done.exit_code == 0
    assert "✓ manifest, document, examples and bounds fit together" in done.stdout
    assert "shop.backfill: no undo" in done.stdout
    assert "SHOP_TOKEN is not set here" in done.stdout


def test_an_example_out_of_bounds_is_refused(cli: Cli, manifest: Path) -> None:
    """It fits the document's schema; but it could never be proposed."""
    change(manifest, "shop.error_rate", bounds={"service": {"one_of": ["search"]}})
    done = cli("tools", "check", str(manifest))
    assert isinstance(done.exception, SourceError)
    assert "shop.error_rate: examples[0]: service: " in str(done.exception)


def test_bounds_that_leave_no_value_are_broken(cli: Cli, manifest: Path) -> None:
    """Without an example nothing else would notice."""
    change(manifest, "shop.error_rate", bounds={"minutes": {"min": 60, "max": 5}}, examples=[])
    done = cli("tools", "check", str(manifest))
    assert done.exit_code == 1
    assert "✗ shop.error_rate: bounds.minutes: min 60 is above max 5, so no value fits" in done.stdout
    assert "shop.error_rate: has no example" in done.stdout
    assert "✓" not in done.stdout


def test_a_change_without_preview_says_so(cli: Cli, manifest: Path) -> None:
    change(manifest, "shop.restart_consumer", http={"operation": "restartConsumer"})
    done = cli("tools", "check", str(manifest))
    assert done.exit_code == 0
    assert "shop.restart_consumer: no preview: people approve without seeing before and after" in done.stdout
