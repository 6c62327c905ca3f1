"""A small world with typed tools on it, in which a test sees every touch and can make each step fail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from policy.types import Target, Tier
from storage.db import Tx
from storage.errors import LostRace
from storage.records import Proposal
from tools.contract import (
    Change,
    Counted,
    Held,
    Impact,
    InverseCall,
    JsonObject,
    Tool,
    ToolContext,
    ToolFailed,
    Verified,
)
from tools.manifest import Bound, DryRun, TargetRule, ToolManifest
from tools.outcomes import Execution, Outcome
from tools.registry import Registry


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    thing: str = "checkout"


class Setting(BaseModel):
    """What lab.set and lab.put take."""

    model_config = ConfigDict(extra="forbid")
    thing: str
    value: int
    env: str = "prod"
    note: str | None = None


class Anything(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ratio: float = 1.0
    extra: JsonValue = None
    limit: int | None = 5
    password: str = ""


Trouble = Callable[[Callable[[], None]], None]
"""what goes wrong in a run: it may apply the effect or not, and raises"""


def broken_before(_apply: Callable[[], None]) -> None:
    raise ToolFailed("'checkout' is locked; unlock it", effect_possible=False, reason="refused")


def lost_answer(apply: Callable[[], None]) -> None:
    apply()
    raise ToolFailed("no answer after the request went out", effect_possible=True, reason="timeout")


def never_arrived(_apply: Callable[[], None]) -> None:
    raise ToolFailed("no answer after the request went out", effect_possible=True, reason="timeout")


def crashes(_apply: Callable[[], None]) -> None:
    raise ZeroDivisionError("token=ghp_" + "a1B2" * 9)


@dataclass
class Lab:
    """The world. `effects` is what truly happened to it; `seen` is every touch by any tool, looks included."""

    state: dict[str, int] = field(default_factory=lambda: {"checkout": 1, "search": 1})
    users: int = 0
    """of 100, whom a change touches"""
    effects: list[tuple[str, str, int, str]] = field(default_factory=list)
    """(tool, thing, value, idempotency key)"""
    seen: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    """one is taken by each run"""
    answers: JsonObject | None = None
    """what lab.any returns"""
    hold: asyncio.Event | None = None
    """runs wait for it"""
    check_works: bool = True
    preview_fails: Exception | None = None
    secret: str = ""
    """stands in what a preview sees"""
    at_run: Callable[[], Any] | None = None
    """awaited in the tool, before its effect"""
    at_preview: Callable[[], Any] | None = None
    """awaited when a target is looked at"""

    def tools(self) -> list[Tool]:
        return [
            self._reading(),
            self._setting("lab.set", idempotent=False),
            self._setting("lab.put", idempotent=True),
            self._dropping(),
            self._any(),
        ]

    def registry(self, **manifest: Any) -> Registry:
        """All tools; `manifest` changes the manifest of lab.set, as a new release of it would."""
        tools = self.tools()
        if manifest:
            tools = [
                replace(tool, manifest=tool.manifest.model_copy(update=manifest)) if tool.name == "lab.set" else tool
                for tool in tools
            ]
        return Registry(tools)

    async def _change(self, name: str, args: Setting, ctx: ToolContext) -> JsonObject:
        self.seen.append(f"run {name}")
        if self.at_run is not None:
            await self.at_run()
        if self.hold is not None:
            await self.hold.wait()

        def apply() -> None:
            if name == "lab.put" and any(key == ctx.idempotency_key for *_, key in self.effects):
                return  # the far end knows the key
            self.effects.append((name, args.thing, args.value, ctx.idempotency_key))
            self.state[args.thing] = args.value

        if self.troubles:
            self.troubles.pop(0)(apply)
        else:
            apply()
        return {"now": self.state[args.thing]}

    async def _look(self, args: Setting, _ctx: ToolContext) -> Impact:
        self.seen.append("preview")
        if self.at_preview is not None:
            await self.at_preview()
        if self.preview_fails is not None:
            raise self.preview_fails
        now = self.state.get(args.thing, 0)
        return Impact(
            grade=DryRun.ANALYSED,
            before={"value": now} | ({"token": self.secret} if self.secret else {}),
            changes=(
                Change(
                    label=f"{args.thing} {self.secret}".strip(),
                    before=f"{now} {self.secret}" if self.secret else now,
                    after=args.value,
                ),
            ),
            counted=(Counted(count=self.users, unit="users", of=100),),
        )

    async def _check(self, args: Setting, _before: Impact | None, _ctx: ToolContext) -> Verified:
        self.seen.append("verify")
        if not self.check_works:
            return Verified(held=Held.UNKNOWN, says="cannot tell")
        held = self.state.get(args.thing) == args.value
        return Verified(held=Held.YES if held else Held.NO, says=f"{args.thing} is {self.state.get(args.thing)}")

    def _setting(self, name: str, *, idempotent: bool) -> Tool:
        async def run(args: Setting, ctx: ToolContext) -> JsonObject:
            return await self._change(name, args, ctx)

        def undo(args: Setting, seen: Impact) -> InverseCall:
            return InverseCall(
                tool=name, arguments={"thing": args.thing, "value": seen.before["value"], "env": args.env}
            )

        return Tool(
            manifest=_manifest(
                name,
                Tier.REVERSIBLE,
                idempotent=idempotent,
                dry_run=DryRun.ANALYSED,
                bounds={"value": Bound(min=0, max=100), "thing": Bound(max_length=40)},
                verb="set it",
            ),
            arguments=Setting,
            run=run,
            target=lambda args: Target(kind="service", id=args.thing, env=args.env),
            title=lambda args: f"Set {args.thing}",
            says=lambda args: f"Set {args.thing} to {args.value}",
            preview=self._look,
            undo=undo,
            verify=self._check,
        )

    def _reading(self) -> Tool:
        async def run(args: Nothing, _ctx: ToolContext) -> JsonObject:
            self.seen.append("run lab.read")
            return {"value": self.state.get(args.thing, 0)}

        return Tool(
            manifest=_manifest("lab.read", Tier.READ, idempotent=True),
            arguments=Nothing,
            run=run,
            target=lambda args: Target(kind="service", id=args.thing, env="prod"),
            title=lambda args: f"Read {args.thing}",
            says=lambda args: f"Read {args.thing}",
            finding=lambda args, result: f"{args.thing} is {result['value']}",
        )

    def _dropping(self) -> Tool:
        async def run(args: Nothing, ctx: ToolContext) -> JsonObject:
            self.seen.append("run lab.drop")
            self.effects.append(("lab.drop", args.thing, 0, ctx.idempotency_key))
            return {}

        return Tool(
            manifest=_manifest("lab.drop", Tier.IRREVERSIBLE),
            arguments=Nothing,
            run=run,
            target=lambda args: Target(kind="service", id=args.thing, env="prod"),
            title=lambda args: f"Drop {args.thing}",
            says=lambda args: f"Drop {args.thing}",
        )

    def _any(self) -> Tool:
        """A read with loose types, whose answer the test chooses."""

        async def run(args: Anything, _ctx: ToolContext) -> JsonObject:
            self.seen.append(f"run lab.any {args!r}")
            return self.answers if self.answers is not None else {}

        return Tool(
            manifest=_manifest("lab.any", Tier.READ, idempotent=True),
            arguments=Anything,
            run=run,
            target=lambda _args: Target(kind="service", id="any", env="prod"),
            title=lambda _args: "Looked",
            says=lambda _args: "Look",
        )


def _manifest(name: str, tier: Tier, **more: Any) -> ToolManifest:
    return ToolManifest(
        name=name,
        owner="lab",
        summary="a tool of the tests",
        tier=tier,
        title="''",
        target=TargetRule(id="''"),
        **({"rate_per_hour": 200, "asked_by": () if tier is Tier.READ else ("set", "drop")} | more),
    )


@dataclass
class Notes:
    """A caller of the gateway that keeps what it was told, and can have lost its lease."""

    outcomes: list[Outcome | Execution] = field(default_factory=list)
    parked_: list[Proposal] = field(default_factory=list)
    began: int = 0
    lost: bool = False

    def check_lease(self) -> None:
        if self.lost:
            raise LostRace("lease of task", "here")

    async def parked(self, tx: Tx, proposal: Proposal) -> None:
        self.parked_.append(proposal)

    async def settled(self, tx: Tx, outcome: Outcome | Execution) -> None:
        self.outcomes.append(outcome)

    async def running(self, tx: Tx) -> None:
        self.began += 1
