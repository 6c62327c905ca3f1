"""An undo is made of what a preview saw: no card promises to write a mask, nor an undo of something else unpressed."""

from dataclasses import replace

import pytest

from policy.redaction import Redactor
from storage.db import Database
from storage.records import Task
from tests.tools.asking import propose
from tests.tools.spy import Lab, Setting
from tests.tools.staff import Staff
from tools.contract import Impact, InverseCall
from tools.gateway import Gateway
from tools.registry import Registry
from tools.sealing import open_seal


def _back(args: Setting, seen: Impact) -> InverseCall:
    before = seen.before.get("token", "plain words")
    return InverseCall(tool="lab.set", arguments={"thing": args.thing, "value": 1, "env": args.env, "note": before})


@pytest.mark.parametrize("before", ["ghp_" + "a1B2" * 9, ""], ids=["a secret", "nothing secret"])
async def test_an_undo_that_would_write_a_mask_is_not_promised(
    db: Database, lab: Lab, task: Task, gateway: Gateway, staff: Staff, before: str
) -> None:
    """Undo would put "[redacted:…]" where the value was, and the value would be gone."""
    lab.secret = before
    tools = [replace(one, undo=_back) if one.name == "lab.set" else one for one in lab.tools()]
    other = Gateway(db=db, registry=Registry(tools), rules=gateway.rules, redactor=Redactor.default(), people=staff)
    undo = open_seal(await propose(other, db, task)).undo
    assert (undo is None) is bool(before)


@pytest.mark.parametrize(("thing", "unpressed"), [("checkout", True), ("search", False)])
async def test_no_failed_check_undoes_something_else(
    db: Database, lab: Lab, task: Task, gateway: Gateway, staff: Staff, thing: str, unpressed: bool
) -> None:
    """A server's preview chooses what the inverse is made of; people see it before they press."""

    def back(args: Setting, _seen: Impact) -> InverseCall:
        return InverseCall(tool="lab.set", arguments={"thing": thing, "value": 1, "env": args.env})

    lab.state["search"] = 1
    declared = lab.registry(on_failed_check="undo")
    tools = [replace(one, undo=back) if one.name == "lab.set" else one for one in declared]
    other = Gateway(db=db, registry=Registry(tools), rules=gateway.rules, redactor=Redactor.default(), people=staff)
    undo = open_seal(await propose(other, db, task)).undo
    assert undo is not None
    assert undo.by_check is unpressed
