"""The values people see, the values that are previewed and the values that run are one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.canonical import canonical
from storage.db import Database
from storage.records import Task
from tests.tools.asking import ask, propose
from tests.tools.spy import Lab
from tools.admitting import BadArguments, validate
from tools.gateway import Gateway
from tools.outcomes import Ran
from tools.sealing import open_seal


def test_a_left_out_nothing_is_not_another_value() -> None:
    """`limit: null` means no limit, and leaving it out means 5: the seal must not turn one into the other."""
    tool = Lab().registry().get("lab.any")
    assert validate(tool, {"limit": None}).arguments["limit"] is None
    assert validate(tool, {}).arguments["limit"] == 5
    assert "note" not in validate(Lab().registry().get("lab.set"), {"thing": "a", "value": 1}).arguments


def test_ten_and_ten_point_nothing_are_one_value() -> None:
    """Canonical JSON writes 10.0 as 10; so the tool gets 10 in the preview as in the run."""
    tool = Lab().registry().get("lab.any")
    call = validate(tool, {"extra": {"n": 10.0}, "ratio": 10.0})
    extra = call.parsed.model_dump()["extra"]
    assert type(extra["n"]) is int and call.arguments["extra"] == {"n": 10}
    assert type(call.parsed.model_dump()["ratio"]) is float


scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(extra=values, ratio=st.floats(), limit=st.none() | st.integers(0, 9))
def test_admitted_arguments_read_back_as_themselves(extra: object, ratio: float, limit: int | None) -> None:
    """What is sealed gives the very model that was previewed, or the call is refused in words."""
    tool = Lab().registry().get("lab.any")
    try:
        call = validate(tool, {"extra": extra, "ratio": ratio, "limit": limit})  # type: ignore[dict-item]
    except BadArguments as refused:
        assert str(refused)
        return
    text = canonical(call.arguments)
    assert tool.arguments.model_validate_json(text) == call.parsed
    assert validate(tool, json.loads(text)) == call


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 2**53, "\udfff", {"a": [float("nan")]}])
def test_a_value_without_canonical_form_is_refused(bad: object) -> None:
    with pytest.raises(BadArguments, match="canonical"):
        validate(Lab().registry().get("lab.any"), {"extra": bad})  # type: ignore[dict-item]


async def test_a_nul_is_a_letter_like_any_other(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    """PostgreSQL cannot keep NUL in text; the ledger, the audit and the seal write it escaped."""
    assert isinstance(await ask(gateway, task, "lab.any", {"extra": "a\x00b"}), Ran)
    proposal = await propose(
        gateway, db, task, call_id="c2", arguments={"thing": "checkout", "value": 2, "note": "a\x00b"}
    )
    assert open_seal(proposal).arguments["note"] == "a\x00b"
