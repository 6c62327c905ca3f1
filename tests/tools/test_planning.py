"""Pure: what several sealed calls ask for as one plan."""

from tests.tools.test_seal import sealed_call
from tools.planning import fits, strictest
from tools.sealing import SealedCall, SealedObligation

__all__ = ["sealed_call"]


def _owed(group: str, count: int, *, own: bool = False, life: int = 600) -> SealedObligation:
    return SealedObligation(rule=f"r-{group}", count=count, group=group, allow_requester=own, expires_in=life)


def test_of_each_group_as_many_as_the_call_that_asks_for_most(sealed_call: SealedCall) -> None:
    """And the requester's own counts only where every call lets it; the shortest life holds."""
    tame = sealed_call.model_copy(update={"obligations": (_owed("operators", 1, own=True),)})
    grave = sealed_call.model_copy(update={"obligations": (_owed("operators", 2, life=60), _owed("sre", 2))})
    found = {o.group: (o.count, o.allow_requester, o.expires_in) for o in strictest([tame, grave])}
    assert found == {"operators": (2, False, 60), "sre": (2, False, 600)}


def test_what_cannot_be_undone_fits_no_plan(sealed_call: SealedCall) -> None:
    assert not fits(sealed_call.model_copy(update={"tier": "irreversible"}), [])
    assert not fits(sealed_call.model_copy(update={"undo": None}), [])
