"""Tools of real MCP servers: pinned, called, and met when they misbehave."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest
from pydantic import JsonValue

from bot.commands.pinning import look
from bot.failures import explain
from policy.types import Tier
from tests.tools.sources.mcp.conftest import Desk, run, served
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Verdict
from tools.contract import JsonObject, ToolFailed
from tools.sources.errors import SourceError
from tools.sources.mcp_pins import lock_of, pins_of
from tools.sources.mcp_source import load_mcp_source

CLOSE: JsonObject = {"id": "T-1", "state": "closed"}


def children() -> list[psutil.Process]:
    return [p for p in psutil.Process(os.getpid()).children(recursive=True) if "tickets_server" in str(p.cmdline())]


async def test_the_pages_tools_keep_every_promise_over_stdio(desk: Desk) -> None:
    await desk.pin(desk.manifest())
    tools = desk.tools(desk.manifest())

    async def state() -> str:
        return str(desk.state()["tickets"])

    tried = await Suite(tools=tools, state=state, changes=True).run()
    assert [one for one in tried if one.verdict is Verdict.BROKEN] == []
    assert not desk.state()["notified"], "the fixed argument was not sent"
    await desk.closing.aclose()
    assert children() == []


async def test_over_http_behind_a_token(desk: Desk) -> None:
    with served(desk.kept, token="t0ken") as url:
        auth = {"token_env": "TICKETS_TOKEN"}
        manifest = desk.manifest(url=url, egress=["127.0.0.1"], auth=auth)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TICKETS_TOKEN", "t0ken")
            await desk.pin(manifest)
        tools = desk.tools(manifest, TICKETS_TOKEN="t0ken")
        assert await run(tools["tickets.set_state"], {"id": "T-1", "state": "closed"}) == {"state": "closed"}
        assert await run(tools["tickets.read"], {"id": "T-1"}) == {"state": "closed"}
        wrong = desk.tools(manifest, TICKETS_TOKEN="another")
        with pytest.raises(ToolFailed) as failed:
            await run(wrong["tickets.set_state"], CLOSE)
        assert not failed.value.effect_possible
        await desk.closing.aclose()
    later = desk.tools(manifest, TICKETS_TOKEN="t0ken")
    with pytest.raises(ToolFailed, match="cannot be reached") as failed:
        await run(later["tickets.set_state"], CLOSE)
    assert (failed.value.reason, failed.value.effect_possible) == ("unreachable", False)


async def test_a_program_is_held_as_commands_are(desk: Desk) -> None:
    """No network without `egress:`, and none of the bot's files, though its folder was declared."""
    key = desk.folder / "audit.key"
    key.write_text("s3cret")
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as server:
        mood = f"nosy:{server.sockets[0].getsockname()[1]}:{key}"
        await desk.pin(desk.manifest())
        for header, private, seen in (
            ({}, [str(key)], {"network": "OSError", "file": "PermissionError"}),
            ({"egress": ["127.0.0.1"]}, [], {"network": "there", "file": "there"}),
        ):
            found = load_mcp_source(desk.manifest(mood, **header), environ={}, closing=desk.closing, private=private)
            read = next(tool for tool in found if tool.name == "tickets.read")
            assert await run(read, {"id": "T-1"}) == {"state": "open", **seen}


async def test_a_program_that_cannot_be_held_is_not_started(desk: Desk) -> None:
    manifest = desk.manifest(memory_mb=16)  # less than Python needs
    with pytest.raises(ToolFailed, match="cannot be reached") as failed:
        await desk.pin(manifest)
    assert not failed.value.effect_possible
    with pytest.raises(ToolFailed, match="'no-such-program' cannot be started"):
        await desk.pin(desk.manifest(command=["no-such-program"]))


async def test_the_servers_hints_decide_nothing(desk: Desk) -> None:
    """set_state says of itself that it only reads; without a tier in the manifest it is irreversible."""
    manifest = await desk.pinned()
    assert '"readOnlyHint": true' in lock_of(manifest).read_text()
    manifest.write_text(manifest.read_text().replace("tier: reversible\n", "version: '2'\n"))
    assert desk.tools(manifest)["tickets.set_state"].manifest.tier is Tier.IRREVERSIBLE


async def test_a_tool_that_changed_is_denied_until_a_person_pins_it_again(desk: Desk) -> None:
    tools = await desk.tools_in("changed")
    with pytest.raises(ToolFailed, match=r"'set_state' was changed by 'tickets' since a person agreed") as failed:
        await run(tools["tickets.set_state"], CLOSE)
    assert (failed.value.reason, failed.value.effect_possible) == ("refused", False)
    assert desk.state()["tickets"] == {"T-1": "open"}
    assert await run(tools["tickets.read"], {"id": "T-1"}) == {"state": "open"}, "the others still work"
    await desk.pin(desk.manifest("changed"))
    again = desk.tools(desk.manifest("changed"))
    assert await run(again["tickets.set_state"], CLOSE) == {"state": "closed"}


async def test_a_new_tool_is_no_tool_until_it_is_pinned(desk: Desk) -> None:
    await desk.pinned()
    manifest = desk.manifest("grown")
    manifest.write_text(manifest.read_text().replace("tool: get_ticket", "tool: delete_everything"))
    with pytest.raises(SourceError, match="'delete_everything' is not pinned; pinned are: get_ticket, set_state"):
        desk.tools(manifest)


async def test_without_pins_nothing_is_loaded_and_changed_pins_are_refused(desk: Desk) -> None:
    manifest = desk.manifest()
    with pytest.raises(SourceError, match=r"agree with 'autopilot tools pin"):
        desk.tools(manifest)
    await desk.pinned()
    lock = lock_of(manifest)
    lock.write_text(lock.read_text().replace("Set a ticket's state.", "Set a ticket's state!"))
    with pytest.raises(SourceError, match="was changed after it was pinned"):
        desk.tools(manifest)


@pytest.mark.parametrize(
    ("mood", "reason"),
    [("die", "unreachable"), ("flood", "unreachable"), ("garbage", "unreachable"), ("never", "timeout")],
)
async def test_a_server_that_goes_wrong_in_the_middle_leaves_a_doubt(desk: Desk, mood: str, reason: str) -> None:
    """It made the change and never said so: whoever hears "nothing happened" would be lied to."""
    tools = await desk.tools_in(mood)
    tool = tools["tickets.set_state"]
    short = desk.manifest(mood)
    short.write_text(short.read_text().replace("timeout_seconds: 20.0", "timeout_seconds: 12.0"))
    tool = desk.tools(short)["tickets.set_state"] if mood == "never" else tool
    with pytest.raises(ToolFailed) as failed:
        await run(tool, CLOSE)
    assert (failed.value.reason, failed.value.effect_possible) == (reason, True)
    assert desk.state()["tickets"] == {"T-1": "closed"}
    # The next call starts anew.
    assert await run(tools["tickets.read"], {"id": "T-1"}) == {"state": "closed"}


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$ref": "#/$defs/Node"}, "contains itself"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "anyOf with 2 alternatives"),
        ({"$ref": "https://example.invalid/schema.json"}, "bundle the document"),
        ("not even a schema", "id"),
    ],
)
async def test_a_schema_that_cannot_be_checked_is_no_tool(desk: Desk, schema: JsonValue, says: str) -> None:
    """What a server says its tool takes is others' text, too: refused by name at the start, never followed around."""
    manifest = desk.manifest()
    node: JsonObject = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}
    takes: JsonObject = {"type": "object", "properties": {"id": schema}, "$defs": {"Node": node}}
    tools: list[JsonObject] = [{"name": name, "inputSchema": takes} for name in ("get_ticket", "set_state")]
    lock_of(manifest).write_text(pins_of("tickets", tools).written())
    with pytest.raises(SourceError, match=r"tickets\.lock\.json") as refused:
        desk.tools(manifest)
    assert says in str(refused.value)


async def test_a_flood_over_http_is_cut_off_and_leaves_a_doubt(desk: Desk) -> None:
    with served(desk.kept, mood="flood") as url:
        manifest = desk.manifest(url=url, egress=["127.0.0.1"])
        await desk.pin(manifest)
        tools = desk.tools(manifest)
        with pytest.raises(ToolFailed) as failed:
            await run(tools["tickets.set_state"], CLOSE)
        assert failed.value.effect_possible
        assert desk.state()["tickets"] == {"T-1": "closed"}
        assert await run(tools["tickets.read"], {"id": "T-1"}) == {"state": "closed"}
        await desk.closing.aclose()


async def test_a_tools_own_error_is_a_failure_that_may_have_done_something(desk: Desk) -> None:
    tools = await desk.tools_in("before")
    with pytest.raises(ToolFailed, match="'set_state' of 'tickets' failed") as failed:
        await run(tools["tickets.set_state"], CLOSE)
    assert failed.value.effect_possible
    with pytest.raises(ToolFailed) as read:
        await run(tools["tickets.read"], {"id": "T-9"})
    assert not read.value.effect_possible


async def test_a_program_that_is_not_there_or_no_server_is_unreachable(desk: Desk) -> None:
    await desk.pinned()
    for command in (["/no/such/program"], ["/bin/cat"], ["/bin/true"]):
        manifest = desk.manifest(command=command)
        manifest.write_text(manifest.read_text().replace("timeout_seconds: 20.0", "timeout_seconds: 3.0"))
        with pytest.raises(ToolFailed, match="nothing was sent") as failed:
            await run(desk.tools(manifest)["tickets.set_state"], CLOSE)
        assert not failed.value.effect_possible


async def test_why_a_program_did_not_come_up_is_said_in_its_own_last_words(desk: Desk) -> None:
    """As when the server's author has another version of the SDK; the command line says it in one sentence, too."""
    program = (
        "import sys, atexit; atexit.register(lambda: print('<no Python frame>', file=sys.stderr)); "
        "print('x' * 9999, file=sys.stderr); import mcp.nowhere"
    )
    manifest = desk.manifest(command=[sys.executable, "-c", program])
    with pytest.raises(ToolFailed) as failed:
        await look(manifest)
    assert "its program said \"ModuleNotFoundError: No module named 'mcp.nowhere'\"" in str(failed.value)
    assert "opens the system's files and those of `reads:` only" in str(failed.value)
    assert explain(failed.value) == str(failed.value)


async def test_a_host_outside_egress_and_a_missing_token_are_refused(desk: Desk, tmp_path: Path) -> None:
    await desk.pinned()
    with pytest.raises(SourceError, match="is not in egress"):
        desk.tools(desk.manifest(url="http://elsewhere.example/mcp", egress=["127.0.0.1"]))
    auth = {"token_env": "TICKETS_TOKEN"}
    with pytest.raises(SourceError, match="'TICKETS_TOKEN' is not set"):
        desk.tools(desk.manifest(url="http://127.0.0.1/mcp", egress=["127.0.0.1"], auth=auth))
