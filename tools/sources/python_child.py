"""Runs alone, in a child process: one team's package, answering over a socket. Nothing of the bot is in here with it.

Started by package_process.py. One JSON object a line: first what the tools are, then an answer to each question.
"""

import asyncio
import json
import os
import socket
import sys
import time
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from tools.contract import Impact, InverseCall, JsonObject, Tool, ToolContext, ToolFailed, Verified
from tools.errors import ToolError
from tools.registry import schema_of
from tools.sources.errors import SourceError
from tools.sources.python_packages import find_toolbox

LINE_MAX = 4 * 1024 * 1024
_json = TypeAdapter(JsonObject)
_impact: TypeAdapter[Impact] = TypeAdapter(Impact)
_inverse: TypeAdapter[InverseCall | None] = TypeAdapter(InverseCall | None)
_verified: TypeAdapter[Verified] = TypeAdapter(Verified)


def described(name: str) -> tuple[JsonObject, dict[str, Tool]]:
    """What the parent is told of the package, and its tools; or what is wrong with it."""
    try:
        box = find_toolbox(name)
        tools = {tool.name: tool for tool in box.tools()}
    except SourceError as error:
        return {"wrong": [error.file, error.place, error.message]}, {}
    except ToolError as error:
        return {"wrong": [f"entry point {name!r}", name, str(error)]}, {}
    said = [
        {
            "manifest": tool.manifest.model_dump(mode="json"),
            "schema": schema_of(tool),
            "parts": [part for part in ("preview", "undo", "verify") if getattr(tool, part) is not None],
        }
        for tool in tools.values()
    ]
    return _json.validate_python({"name": box.name, "env": box.env, "tools": said}), tools


@dataclass
class Child:
    """Answers questions about some tools until nobody asks any more."""

    tools: dict[str, Tool]
    writer: asyncio.StreamWriter
    at_work: dict[int, "asyncio.Task[None]"] = field(default_factory=dict)

    async def listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            asked = json.loads(line)
            number = int(asked["id"])
            if asked["part"] == "cancel":
                if (work := self.at_work.get(number)) is not None:
                    work.cancel()
                continue
            self.at_work[number] = asyncio.create_task(self._answer(number, asked))

    async def _answer(self, number: int, asked: JsonObject) -> None:
        try:
            said = await self._asked(self.tools[str(asked["tool"])], asked)
        except ToolFailed as error:
            said = {"failed": str(error), "effect_possible": error.effect_possible, "reason": error.reason}
        except asyncio.CancelledError:
            said = {"cancelled": True}
        except BaseException as error:  # a package of others: whatever it does is said as what it is
            said = {"broke": f"{type(error).__name__}: {error}"[:2_000]}
        finally:
            self.at_work.pop(number, None)
        try:
            line = json.dumps({"id": number, "cpu": time.process_time(), **said}, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            line = json.dumps({"id": number, "broke": f"its answer is no JSON: {error}"[:2_000]})
        self.writer.write(line.encode() + b"\n")
        await self.writer.drain()

    async def _asked(self, tool: Tool, asked: JsonObject) -> JsonObject:
        args = tool.arguments.model_validate_json(json.dumps(asked["arguments"]))
        context = ToolContext(**asked["context"]) if asked.get("context") else None  # type: ignore[arg-type]
        impact = _impact.validate_python(asked["impact"]) if asked.get("impact") else None
        match asked["part"]:
            case "run":
                return {"result": await tool.run(args, _given(context))}
            case "finding":
                return {"finding": str(tool.finding(args, _json.validate_python(asked["result"])))}
            case "preview" if tool.preview is not None:
                return {"impact": _impact.dump_python(await tool.preview(args, _given(context)), mode="json")}
            case "undo" if tool.undo is not None and impact is not None:
                return {"inverse": _inverse.dump_python(tool.undo(args, impact), mode="json")}  # type: ignore[arg-type]
            case "verify" if tool.verify is not None:
                seen = await tool.verify(args, impact, _given(context))
                return {"verified": _verified.dump_python(seen, mode="json")}
            case part:
                raise LookupError(f"{tool.name} has no {part}")


def _given(context: ToolContext | None) -> ToolContext:
    assert context is not None
    return context


async def serve(channel: socket.socket, tools: dict[str, Tool]) -> None:
    reader, writer = await asyncio.open_connection(sock=channel, limit=LINE_MAX)
    await Child(tools=tools, writer=writer).listen(reader)


def main() -> None:
    """argv: the package's name, and the file descriptor of the socket to the parent."""
    channel = socket.socket(fileno=int(sys.argv[2]))
    os.set_inheritable(channel.fileno(), False)  # what the package starts gets no line to the bot
    said, tools = described(sys.argv[1])
    channel.sendall(json.dumps(said).encode() + b"\n")
    if tools:
        asyncio.run(serve(channel, tools))
    os._exit(0)  # threads the package left behind do not keep us


if __name__ == "__main__":
    main()
