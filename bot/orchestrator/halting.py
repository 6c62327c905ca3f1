"""Halt and lift: one transaction each. What stands in storage is what every replica goes by at its next call."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.lifecycle.standing_still import LONGEST_REASON, begin, end
from bot.orchestrator.refusals import cannot_ask
from bot.orchestrator.requests import Answer, Said
from policy.people import CannotAsk, People, unasked
from policy.types import Actor
from storage import audit, halts
from storage.attempts import transact
from storage.db import Database
from storage.records import JsonObject
from storage.row_security import EVERYTHING
from tools.gateway import Gateway


@dataclass(frozen=True, kw_only=True)
class HaltPress:
    """Somebody wants a workspace to stand still, or to go on."""

    tenant: str
    who: str
    reason: str
    channel: str
    """where it was said, and is announced"""


async def halt(db: Database, gateway: Gateway, people: People, press: HaltPress, groups: Sequence[str]) -> Answer:
    """Let a workspace stand still, on the word of somebody who may say so."""
    return await _change(db, gateway, people, press, groups, lifting=False)


async def lift(db: Database, gateway: Gateway, people: People, press: HaltPress, groups: Sequence[str]) -> Answer:
    """Let a workspace go on, on the word of somebody who may say so."""
    return await _change(db, gateway, people, press, groups, lifting=True)


async def _change(
    db: Database, gateway: Gateway, people: People, press: HaltPress, groups: Sequence[str], *, lifting: bool
) -> Answer:
    word, reason = ("lift" if lifting else "halt"), gateway.clean(press.reason).strip()[:LONGEST_REASON]
    try:
        refused = refusal(await people.actor(press.tenant, press.who), groups, word)
    except CannotAsk as error:
        refused = cannot_ask(str(error))
    if refused is not None:
        async with db.write() as tx:
            body: JsonObject = {"who": press.who, "word": word, "why": refused.message}
            await audit.append(tx, press.tenant, "ops.halt.refused", body=body)
        return refused
    if not reason:
        return Answer(said=Said.INVALID, message=f"say why, like: /autopilot {word} deploys have gone mad")
    change = end if lifting else begin
    done = await transact(
        db, lambda tx: change(tx, press.tenant, who=press.who, reason=reason, channels=(press.channel,))
    )
    if done is None:
        return Answer(said=Said.STALE, message=await _how_it_stands(db, press.tenant))
    return Answer(said=Said.DONE, message=str(done) if not lifting else f"lifted; it was {done}")


def refusal(actor: Actor | None, groups: Sequence[str], word: str) -> Answer | None:
    """Why this person may not do what the word says; None when they may."""
    if actor is None or actor.is_bot:
        return Answer(said=Said.REFUSED, message="you are not an active member of this workspace")
    if actor.is_admin or actor.groups & set(groups):
        return None
    if why := unasked(actor, groups):
        return cannot_ask(why)
    who = ", ".join(f"@{group}" for group in groups) or "nobody"
    return Answer(said=Said.REFUSED, message=f"you cannot {word}; ask an admin of this workspace or one of {who}")


async def _how_it_stands(db: Database, tenant: str) -> str:
    async with db.read() as tx:
        halt = await halts.standing(tx, tenant)
    if halt is None:
        return "nothing is halted here"
    if halt.tenant == EVERYTHING:
        return f"everything is {halt}; only 'autopilot halt --lift' on the command line ends that"
    return f"it is already {halt}"
