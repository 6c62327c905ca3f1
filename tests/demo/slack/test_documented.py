"""Others test their bots with the local Slack: everything its control door takes is in the docs."""

from pathlib import Path

from bot.demo.slack.control_door import _Disconnect, _NewFault, _Settings
from bot.demo.slack.faults import FaultKind
from bot.demo.slack.server import LocalSlack
from bot.demo.slack.workspace_door import _Channel, _New, _Person, _Send

DOCS = Path(__file__).parents[3] / "docs" / "local-slack.md"


def test_every_control_call_and_every_word_it_takes_is_documented() -> None:
    said = DOCS.read_text(encoding="utf-8")
    paths = {route.path for route in LocalSlack()._build_asgi().routes if hasattr(route, "path")}
    calls = {path.replace("{number:int}", "N") for path in paths if path.startswith("/control/")}
    assert len(calls) >= 10
    assert {call for call in calls if call not in said} == set()
    words = {*_NewFault.model_fields, *_Settings.model_fields, *_Disconnect.model_fields, *FaultKind}
    words |= {*_New.model_fields, *_Channel.model_fields, *_Person.model_fields, "as", *_Send.model_fields} - {"as_"}
    assert {word for word in words if word not in said} == set()
    assert all(f"`{name}` |" in said for name in _Settings.model_fields)
