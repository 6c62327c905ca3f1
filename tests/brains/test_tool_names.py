import re

from hypothesis import given
from hypothesis import strategies as st

from bot.brains.tool_names import ToolNames, wire_name

NAMES = st.text(alphabet="aB1._-/ ü", min_size=1, max_size=90)


@given(st.lists(NAMES, unique=True, max_size=30))
def test_every_name_is_accepted_by_providers_and_comes_back(names: list[str]) -> None:
    wires = [wire_name(name) for name in names]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire) for wire in wires)
    assert [ToolNames(names).ours(wire) for wire in wires] == names


def test_a_plain_name_stays_readable() -> None:
    assert wire_name("shop.set_flag") == "shop__set_flag"
    assert wire_name("a_.b") != wire_name("a._b") != wire_name("a.b")
