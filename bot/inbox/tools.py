"""The worker's four tools. There are no others in its registry, so there is nothing else a call could name."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.inbox.errors import HubTrouble
from bot.inbox.hub import Hub
from bot.inbox.plan import LONGEST_TEXT, Action
from policy.types import Target, Tier
from storage.canonical import canonical, digest
from tools.contract import Change, Impact, JsonObject, Tool, ToolContext, ToolFailed
from tools.manifest import Bound, DryRun, ToolManifest
from tools.registry import Registry

REASON = "ROUTINE"
WAITING = "waiting"
"""the action, in keys, of the note that says people must decide"""
TOOL_OF: Mapping[Action, str] = {
    Action.ANSWER: "hub.answer",
    Action.REPLY: "hub.reply",
    Action.NOTE: "hub.note",
    Action.MARK_READ: "hub.mark_read",
}
_RATE = 600
"""a runaway is stopped by the rules before that; see rules/coordination.cedar"""


class OnMessage(BaseModel):
    """Which message, in the state it was read in."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    message: str = Field(min_length=1, max_length=128)
    version: str = Field(min_length=1, max_length=200)
    seen: str = Field(min_length=64, max_length=64)
    """hash of what was read; the run is off when the message is another one by then"""


class WithText(OnMessage):
    """The same, with what to write."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Noting(WithText):
    """A progress note."""

    waiting: bool = False
    """it says that people must decide; a note of its own, beside one the plan may have asked for"""


def key_of(tenant: str, message: str, action: str) -> str:
    """One key per message and action, for ever: even with a new database the hub knows it has been done."""
    return digest(canonical(["inbox", tenant, message, action]))


def registry(hub: Hub, *, env: str) -> Registry:
    """The four tools, on this hub."""

    def replying(action: Action) -> Callable[[WithText, ToolContext], Awaitable[str]]:
        async def send(args: WithText, context: ToolContext) -> str:
            key = key_of(context.tenant, args.message, action)
            return await hub.send_reply(args.message, kind=action.value, text=args.text, version=args.version, key=key)

        return send

    async def note(args: Noting, context: ToolContext) -> str:
        key = key_of(context.tenant, args.message, WAITING if args.waiting else Action.NOTE)
        return await hub.add_progress(args.message, text=args.text, version=args.version, key=key)

    async def read(args: OnMessage, context: ToolContext) -> str:
        key = key_of(context.tenant, args.message, Action.MARK_READ)
        return await hub.mark_read(args.message, version=args.version, key=key)

    make = _Maker(hub, env)
    return Registry(
        [
            make.tool(Action.ANSWER, WithText, replying(Action.ANSWER), "Answer a coordination question on the hub."),
            make.tool(Action.REPLY, WithText, replying(Action.REPLY), "Confirm, acknowledge or ask back on the hub."),
            make.tool(Action.NOTE, Noting, note, "Put a progress note on a request of the hub."),
            make.tool(Action.MARK_READ, OnMessage, read, "Mark one request of the hub as read."),
        ]
    )


class _Maker:
    """Dresses one operation of the hub as a tool."""

    def __init__(self, hub: Hub, env: str) -> None:
        self._hub = hub
        self._env = env

    def tool(
        self,
        action: Action,
        arguments: type[OnMessage],
        send: Callable[[Any, ToolContext], Awaitable[str]],
        summary: str,
    ) -> Tool:
        """One tool: irreversible, because a hub takes nothing back; idempotent, because it takes our key."""

        async def run(args: OnMessage, context: ToolContext) -> JsonObject:
            try:
                return {"id": await send(args, context)}
            except HubTrouble as error:
                raise ToolFailed(str(error), effect_possible=error.effect_possible, reason=error.reason) from None

        async def preview(args: OnMessage, _context: ToolContext) -> Impact:
            try:
                now = await self._hub.one(args.message)
            except HubTrouble as error:
                raise ToolFailed(str(error), effect_possible=False, reason=error.reason) from None
            if now is None:
                raise ToolFailed("the message is no longer unread", effect_possible=False, reason="gone")
            if now.digest != args.seen:
                raise ToolFailed("the message changed since it was read", effect_possible=False, reason="changed")
            text = args.text if isinstance(args, WithText) else "read"
            return Impact(
                grade=DryRun.PREVIEWED,
                changes=(Change(label=action.value, before=None, after=text),),
                before={"seen": args.seen},
            )

        return Tool(
            manifest=ToolManifest(
                name=TOOL_OF[action],
                owner="inbox-worker",
                summary=summary,
                tier=Tier.IRREVERSIBLE,
                title=f"'{action.value} on ' + args.message",
                verb=action.value.replace("_", " "),
                target={"kind": "request", "id": "args.message"},
                side_effects=(f"one {action.value} on one request of the hub",),
                dry_run=DryRun.PREVIEWED,
                idempotent=True,
                failure_modes=("the hub is away", "the message changed", "the message is gone"),
                bounds={"text": Bound(max_length=LONGEST_TEXT)} if issubclass(arguments, WithText) else {},
                egress=(self._hub.place,),
                reason_codes=(REASON,),
                rate_per_hour=_RATE,
                timeout_seconds=8.0,
            ),
            arguments=arguments,
            run=run,
            preview=preview,
            target=lambda args: Target(kind="request", id=args.message, env=self._env),
            title=lambda args: f"{action.value.replace('_', ' ')} on {args.message}",
            says=lambda args: f"{action.value.replace('_', ' ')} on {args.message}",
            finding=lambda args, _result: f"{action.value.replace('_', ' ')} on {args.message}: done",
        )
