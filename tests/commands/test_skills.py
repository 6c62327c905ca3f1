"""`autopilot skills`: what is listed and checked, one run of a skill by a process, and pages that are of today."""

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.commands.skill_results import Result, as_prometheus
from tests.commands.conftest import ROOT, Cli
from tests.commands.test_ask import Asking, asking
from tests.tools.playbooks.test_reading import a_skill

__all__ = ["asking"]


def test_pages_are_as_the_skills_are(cli: Cli, tmp_path: Path) -> None:
    """CI fails here when a skill changed and its page did not: run 'autopilot skills docs'."""
    done = cli("skills", "docs", "--check")
    assert done.exit_code == 0, done.output
    (tmp_path / "docs/skills").mkdir(parents=True)
    (tmp_path / "docs/skills/gone.md").write_text("of a skill that is gone")
    stale = cli("skills", "docs", "--check", "--out", str(tmp_path))
    assert stale.exit_code == 1
    assert "docs/skills/gone.md is stale; run 'autopilot skills docs'" in stale.output
    assert "CAPABILITIES.md is stale" in stale.output
    cli("skills", "docs", "--out", str(tmp_path))
    assert cli("skills", "docs", "--check", "--out", str(tmp_path)).exit_code == 0
    assert (tmp_path / "CAPABILITIES.md").read_text() == (ROOT / "CAPABILITIES.md").read_text()


def test_skills_are_listed_shown_and_checked(cli: Cli, tmp_path: Path) -> None:
    listed = cli("skills", "list").output
    assert "checkout-5xx" in listed and "not run yet" in listed
    shown = cli("skills", "show", "checkout-5xx").output
    assert "| `shop.set_flag` | reversible |" in shown and "sha256:" in shown
    a_skill(tmp_path, "mine", "plan: x\nsteps:\n  - call: {id: e, tool: shop.error_rate, with: {servic: \"'a'\"}}\n")
    checked = cli("skills", "check", str(tmp_path))
    assert checked.exit_code == 1
    assert "mine/SKILL.md:8: step 'e': shop.error_rate has no argument 'servic'; it has service" in checked.output


def test_a_folder_that_is_configured_is_checked_once(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whichever of its names it is given; and skills' names are shown whole, as one types them."""
    a_skill(tmp_path / "own", "a-skill-with-a-name-that-is-rather-long-but-legal")
    monkeypatch.setenv("AUTOPILOT_SKILLS", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)
    checked = cli("skills", "check", "own")
    assert checked.exit_code == 0, checked.output
    assert "a-skill-with-a-name-that-is-rather-long-but-legal " in cli("skills", "list").output


async def test_a_run_by_name_prints_what_programs_read(asking: Asking, tmp_path: Path) -> None:
    """And what was learned from it is listed."""
    a_skill(
        tmp_path,
        "rates",
        "plan: x\ninputs: {minutes: {default: 15, type: integer}}\nsteps:\n  - call:\n      id: e\n"
        "      tool: shop.error_rate\n      with: {service: \"'checkout'\", minutes: inputs.minutes}\n"
        "      must: true\n  - alert: {says: \"'it burns'\"}\n"
        "output: {rate: steps.e.result.rate, failing: steps.e.result.rate > 0.02, paths: steps.e.result.by_endpoint}\n",
    )
    done = await asking("skills", "run", "rates", "minutes=5", "--format", "json", AUTOPILOT_SKILLS=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["ok"], found["output"]["failing"], found["state"]) == (True, True, "completed")
    assert found["alerts"] == ["it burns"]
    told = await asking("skills", "run", "rates", AUTOPILOT_SKILLS=str(tmp_path))
    assert "! it burns" in told.stdout
    listed = await asking("skills", "list", AUTOPILOT_SKILLS=str(tmp_path))
    assert "worked 2 of 2 times" in listed.stdout


def test_prometheus_reads_numbers_and_truths() -> None:
    """By its own parser, which takes no name twice; an output may be called what the run's own numbers are."""
    result = Result(
        skill="rates",
        ended=True,
        state="completed",
        failed="",
        output={"rate": 0.5, "failing": True, "paths": [1, 2], "name": "x", "ok": False, "by-hand.n": 3},
        said="",
        seconds=1.23456,
        alerts=("it burns",),
    )
    families = list(text_string_to_metric_families(as_prometheus(result)))
    assert len({family.name for family in families}) == len(families) == as_prometheus(result).count("# TYPE")
    samples = [sample for family in families for sample in family.samples]
    assert {sample.labels["skill"] for sample in samples} == {"rates"}
    assert {sample.name.removeprefix("autopilot_skill_"): sample.value for sample in samples} == {
        "ok": 1,
        "seconds": 1.235,
        "alerts": 1,
        "output_ok": 0,
        "output_failing": 1,
        "output_paths_count": 2,
        "output_rate": 0.5,
        "output_by_hand_n": 3,
    }
    failed = Result(skill="a", ended=True, state="completed", failed="it broke", output={}, said="", seconds=1)
    assert 'autopilot_skill_ok{skill="a"} 0' in as_prometheus(failed)
