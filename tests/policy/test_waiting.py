"""waiting.yaml: which plan fits, what a wrong file is told, and quiet hours by the clock on the wall."""

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policy.errors import PolicyError
from policy.quiet import Quiet
from policy.waiting import THREAD, Plan, WaitingTable, Waits, planned

GROUPS = ("operators", "sre", "sre-leads", "support")


def waits(**changes: Any) -> Waits:
    values: dict[str, Any] = {"rules": ("r",), "tool": "flags.set", "tier": "reversible", "env": "prod", "reason": ""}
    return Waits(**(values | changes))


def load(tmp_path: Path, text: str) -> WaitingTable:
    file = tmp_path / "waiting.yaml"
    file.write_text(text, encoding="utf-8")
    return WaitingTable.load(GROUPS, file)


def test_the_table_that_ships_loads_and_an_incident_is_loud() -> None:
    table = WaitingTable.load(GROUPS)
    loud, slow = table.plan(waits(reason="INCIDENT")), table.plan(waits())
    assert loud.quiet_hours == "override" and loud.remind[0] < slow.remind[0]
    assert table.plan(waits(tier="irreversible")).escalate[0].to == "sre-leads"


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("rule: r", True),
        ("rule: other", False),
        ("tool: flags.set", True),
        ("tool: flags.get", False),
        ("tier: reversible", True),
        ("tier: irreversible", False),
        ("env: prod", True),
        ("env: dev", False),
        ("reason: INCIDENT", False),
    ],
)
def test_the_first_line_that_fits_is_the_plan(tmp_path: Path, line: str, *, fits: bool) -> None:
    table = load(tmp_path, f"lines:\n  - {{{line}, remind: [5m]}}\n  - {{remind: [1h]}}\n")
    assert table.plan(waits()).remind == ((300.0,) if fits else (3600.0,))


def test_without_a_line_nobody_is_asked_again(tmp_path: Path) -> None:
    assert planned(load(tmp_path, "lines: []").plan(waits()), ["operators"]) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lines: [{remind: [soon]}]", "lines[0].remind[0]: 'soon' is not a span of time; write 30m, 4h or 2d"),
        ("lines: [{remind: [2h, 1h]}]", "lines[0]: 'remind' must name later and later times"),
        ("lines: [{expires: 1h, remind: [2h]}]", "'remind' has a time after 'expires'; it would never come"),
        ("lines: [{remind: [1h], thread: false, dm: never}]", "nobody would hear a reminder"),
        ("lines: [{escalate: [{after: 1h, to: bosses}]}]", "lines[0].escalate: unknown group 'bosses'"),
        ("lines: [{reminds: [1h]}]", "lines[0].reminds: no such setting"),
        ("lines: [{tier: wild}]", "lines[0].tier"),
        ('quiet: [{from: "22:00", to: "07:00", tz: Mars/Base}]', "no time zone 'Mars/Base'; use an IANA name"),
        ("quiet: [{from: 22:00, to: 07:00, tz: UTC}]", "write it in quotes"),
        ('quiet: [{from: "25:00", to: "07:00", tz: UTC}]', "'25:00' is not a time of day"),
        ('quiet: [{from: "07:00", to: "07:00", tz: UTC}]', "quiet hours need a length"),
        ('quiet: [{from: "22:00", to: "07:00", tz: UTC, group: all}]', "quiet[0].group: unknown group 'all'"),
        (
            'quiet: [{from: "00:00", to: "12:00", tz: UTC}, {from: "12:00", to: "00:00", tz: UTC, group: sre}]',
            "the quiet hours of group 'sre' never end",
        ),
        ("lines: {", "is no YAML"),
        ("- 1", "file:"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place_and_the_value(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PolicyError) as wrong:
        load(tmp_path, text)
    assert words in str(wrong.value) and "waiting.yaml" in str(wrong.value)


def test_each_time_is_planned_once_for_each_audience() -> None:
    plan = Plan.model_validate({"remind": ["1h"], "escalate": [{"after": "2h", "to": "sre"}], "dm": "at_once"})
    found = [(one.step, one.kind, one.audience) for one in planned(plan, ["operators", "operators"])]
    assert found == [
        (0, "ask", "operators"),
        (1, "remind", THREAD),
        (1, "remind", "operators"),
        (2, "escalate", THREAD),
        (2, "escalate", "sre"),
    ]
    quiet = plan.model_copy(update={"dm": "never"})
    assert {one.audience for one in planned(quiet, ["operators"])} == {THREAD}


def at(zone: str, *moment: int) -> float:
    return dt.datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc,arg-type]


NIGHT = {"from": "22:00", "to": "07:00", "tz": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("changes", "now", "until"),
    [
        ({}, (2026, 6, 1, 23, 0), (2026, 6, 2, 7, 0)),
        ({}, (2026, 6, 2, 6, 59), (2026, 6, 2, 7, 0)),
        ({}, (2026, 6, 2, 7, 0), None),
        ({}, (2026, 6, 2, 21, 59), None),
        ({}, (2026, 3, 28, 23, 0), (2026, 3, 29, 7, 0)),  # an hour is lost this night
        ({}, (2026, 10, 24, 23, 0), (2026, 10, 25, 7, 0)),  # and here it comes twice
        ({"from": "12:00", "to": "13:00"}, (2026, 6, 1, 12, 30), (2026, 6, 1, 13, 0)),
        ({"days": ("fri",)}, (2026, 6, 6, 3, 0), (2026, 6, 6, 7, 0)),  # Friday's night is Saturday's morning
        ({"days": ("fri",)}, (2026, 6, 7, 3, 0), None),
    ],
)
def test_a_window_ends_when_the_clock_on_the_wall_says_so(
    changes: dict[str, Any], now: tuple[int, ...], until: tuple[int, ...] | None
) -> None:
    found = Quiet.model_validate(NIGHT | changes).until(at("Europe/Berlin", *now))
    assert found == (None if until is None else at("Europe/Berlin", *until))


def test_quiet_hours_hold_for_their_group_or_channel_and_a_plan_may_override_them() -> None:
    mine = Quiet.model_validate(NIGHT | {"group": "operators"})
    theirs = Quiet.model_validate(NIGHT | {"from": "07:00", "to": "09:00", "group": "operators"})
    room = Quiet.model_validate(NIGHT | {"channel": "C0INC", "tz": "Asia/Tokyo"})
    table, night = WaitingTable(quiet=(mine, theirs, room)), at("Europe/Berlin", 2026, 6, 1, 23, 0)
    calm, loud = Plan(), Plan(quiet_hours="override")
    assert table.speak_at(calm, night, group="sre") == night
    assert table.speak_at(calm, night, group="operators") == at("Europe/Berlin", 2026, 6, 2, 9, 0)
    assert table.speak_at(calm, night, channel="C0INC") == at("Asia/Tokyo", 2026, 6, 2, 7, 0)
    assert table.speak_at(loud, night, group="operators") == night
