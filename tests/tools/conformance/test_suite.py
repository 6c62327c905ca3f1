"""The suite bites: a tool that breaks one promise is found by that promise, and by no other."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from policy.types import Tier
from tests.tools.spy import Anything, Lab, Nothing, Setting
from tools.conformance.suite import Suite
from tools.conformance.verdicts import Promise, Verdict
from tools.contract import Impact, InverseCall, JsonObject, Tool, ToolContext
from tools.manifest import Example

SECRET = "planted-Secret-4711"


def with_examples(tool: Tool, *examples: Example, **manifest: Any) -> Tool:
    return replace(tool, manifest=tool.manifest.model_copy(update={"examples": examples, **manifest}))


def good(lab: Lab) -> dict[str, Tool]:
    tools = {tool.name: tool for tool in lab.tools()}
    read = with_examples(tools["lab.read"], Example(input={"thing": "checkout"}, output={"value": 1}))
    put = with_examples(tools["lab.put"], Example(input={"thing": "checkout", "value": 7}, output={"now": 7}))
    return {"lab.read": read, "lab.put": put}


async def broken(lab: Lab, tools: dict[str, Tool], **more: Any) -> set[Promise]:
    async def state() -> str:
        return repr(lab.state)

    suite = Suite(tools=tools, state=state, secrets=[SECRET], changes=True, **more)
    return {tried.promise for tried in await suite.run() if tried.verdict is Verdict.BROKEN}


async def test_good_tools_keep_every_promise() -> None:
    lab = Lab()
    assert await broken(lab, good(lab)) == set()
    tried = await Suite(tools=good(lab), changes=True).run()
    assert {one.promise for one in tried if one.verdict is Verdict.KEPT} == set(Promise)


async def test_without_being_asked_nothing_is_changed() -> None:
    lab = Lab()
    await Suite(tools=good(lab)).run()
    assert lab.effects == []


async def test_an_irreversible_change_is_made_only_when_asked_for_by_name() -> None:
    lab = Lab()
    drop = next(tool for tool in lab.tools() if tool.name == "lab.drop")
    tools = {"lab.drop": with_examples(drop, Example(input={}))}
    await broken(lab, tools)
    assert lab.effects == []
    await broken(lab, tools, irreversible=True)
    assert lab.effects != []


async def test_a_read_that_changes_something_is_found() -> None:
    lab = Lab()

    async def run(_args: Nothing, _ctx: ToolContext) -> JsonObject:
        lab.state["checkout"] += 1
        return {"value": 1}

    tools = good(lab)
    assert await broken(lab, {"lab.read": replace(tools["lab.read"], run=run)}) == {Promise.HARMLESS}


async def test_a_preview_that_does_the_thing_is_found() -> None:
    lab = Lab()
    tool = good(lab)["lab.put"]
    assert tool.preview is not None
    look = tool.preview

    async def preview(args: Setting, ctx: ToolContext) -> Impact:
        seen = await look(args, ctx)
        lab.state[args.thing] = args.value
        return seen

    assert Promise.HARMLESS in await broken(lab, {"lab.put": replace(tool, preview=preview)})


async def test_a_preview_that_does_not_see_its_own_target_is_found() -> None:
    """Somebody else's change between the proposal and the press would go unnoticed."""
    lab = Lab()
    tool = good(lab)["lab.put"]
    assert tool.preview is not None
    look = tool.preview

    async def preview(args: Setting, ctx: ToolContext) -> Impact:
        return replace(await look(args, ctx), before={"thing": args.thing})

    def undo(args: Setting, _seen: Impact) -> InverseCall:
        return InverseCall(tool="lab.put", arguments={"thing": args.thing, "value": 1})

    assert await broken(lab, {"lab.put": replace(tool, preview=preview, undo=undo)}) == {Promise.NOTICED}


async def test_an_undo_that_forgets_something_is_found() -> None:
    lab = Lab()

    def undo(args: Setting, _seen: Impact) -> InverseCall:
        return InverseCall(tool="lab.put", arguments={"thing": args.thing, "value": 99})

    assert await broken(lab, {"lab.put": replace(good(lab)["lab.put"], undo=undo)}) == {Promise.UNDO}


async def test_an_undo_that_undoes_more_each_time_is_found() -> None:
    lab = Lab()

    class By(BaseModel):
        model_config = ConfigDict(extra="forbid")
        by: int

    async def add(args: By, _ctx: ToolContext) -> JsonObject:
        lab.state["checkout"] += args.by
        return {}

    async def look(_args: By, _ctx: ToolContext) -> Impact:
        return Impact(grade=tool.manifest.dry_run, before={"value": lab.state["checkout"]})

    tool = replace(
        with_examples(good(lab)["lab.put"], Example(input={"by": 5}), idempotent=False, bounds={}),
        arguments=By,
        run=add,
        preview=look,
        verify=None,
        undo=lambda args, _seen: InverseCall(tool="lab.put", arguments={"by": -args.by}),
        target=lambda _args: good(lab)["lab.read"].target(Nothing()),
        says=lambda _args: "Add",
        title=lambda _args: "Added",
    )
    assert await broken(lab, {"lab.put": tool}) == {Promise.UNDONE}


async def test_a_change_that_says_idempotent_and_is_not_is_found() -> None:
    lab = Lab()

    async def run(args: Setting, _ctx: ToolContext) -> JsonObject:
        lab.state[args.thing] = args.value
        lab.state["times"] = lab.state.get("times", 0) + 1
        return {"now": args.value}

    assert Promise.ONCE in await broken(lab, {"lab.put": replace(good(lab)["lab.put"], run=run)})


async def test_a_reversible_change_without_undo_is_found() -> None:
    lab = Lab()
    assert await broken(lab, {"lab.put": replace(good(lab)["lab.put"], undo=None)}) == {Promise.UNDO}


async def test_a_change_that_does_not_take_is_found() -> None:
    lab = Lab()

    async def run(_args: Setting, _ctx: ToolContext) -> JsonObject:
        return {"now": 7}

    assert await broken(lab, {"lab.put": replace(good(lab)["lab.put"], run=run)}) == {Promise.EFFECT}


@pytest.mark.parametrize("answer", [{"value": 1, "seen": SECRET}, {"value": 1, "note": "password=hunter2Zz9"}])
async def test_a_secret_in_an_answer_is_found_and_not_repeated(answer: JsonObject) -> None:
    lab = Lab()

    async def run(_args: Nothing, _ctx: ToolContext) -> JsonObject:
        return answer

    tools = {"lab.read": replace(good(lab)["lab.read"], run=run)}
    assert await broken(lab, tools) == {Promise.SECRETS}
    assert SECRET not in repr(await Suite(tools=tools, secrets=[SECRET]).run())
    short = await Suite(tools=tools, secrets=["a"]).run()  # what stands in any text is no finding
    assert not [one for one in short if "of 1 characters" in one.says]


async def test_an_example_that_no_longer_fits_is_found() -> None:
    lab = Lab()
    read = good(lab)["lab.read"]
    wrong_input = with_examples(read, Example(input={"thing": 5}))
    assert await broken(lab, {"lab.read": wrong_input}) == {Promise.SCHEMA}
    wrong_output = with_examples(read, Example(input={}, output={"value": "one"}))
    assert await broken(lab, {"lab.read": wrong_output}) == {Promise.OUTPUT}


async def test_a_model_that_swallows_unknown_arguments_is_found() -> None:
    class Lax(BaseModel):
        thing: str = "checkout"

    lab = Lab()
    assert await broken(lab, {"lab.read": replace(good(lab)["lab.read"], arguments=Lax)}) == {Promise.STRICT}


async def test_a_tool_that_will_not_stop_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.conformance.deadlines.GRACE", 0.3)
    lab = Lab()
    over = asyncio.Event()

    async def stubborn(_args: Nothing, _ctx: ToolContext) -> JsonObject:
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue
        return {"value": 1}

    async def blocking(_args: Nothing, _ctx: ToolContext) -> JsonObject:
        time.sleep(0.6)  # noqa: ASYNC251 - the point
        return {"value": 1}

    read = good(lab)["lab.read"]
    silent = {"lab.read": replace(read, run=stubborn)}
    assert await broken(lab, {"lab.read": read}, silent=silent) == {Promise.DEADLINE}
    over.set()
    silent = {"lab.read": replace(read, run=blocking)}
    assert await broken(lab, {"lab.read": read}, silent=silent) == {Promise.DEADLINE}


async def test_a_tool_without_an_example_is_untried_not_passed() -> None:
    lab = Lab()
    tool = next(tool for tool in lab.tools() if tool.arguments is Anything)
    [tried] = await Suite(tools={tool.name: tool}).run()
    assert tried.verdict is Verdict.UNTRIED
    assert tool.manifest.tier is Tier.READ
