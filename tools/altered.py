"""What moved in a proposal whose stored bytes are no longer those people were shown: field by field, before → after."""

import json
from collections.abc import Iterator

from storage import proposals, seals
from storage.canonical import canonical, digest
from storage.db import Tx
from storage.records import JsonObject, JsonValue, Proposal
from tools.errors import SealBroken, SealErased, SealForeign
from tools.sealing import SealedRow, seal_if_whole

UNREADABLE = "the whole text"
FOREIGN = "nothing: another version of this program sealed it, and this one cannot read it"
NO_ORIGINAL = "something; the copy to compare it with is not whole either"
_ROW = {"tenant": "tenant", "task_id": "task", "call_id": "call", "tool": "tool", "undoes": "undoes"}
"""columns beside the sealed text, and the sealed field each repeats"""
_NAMED = 8


async def what_moved(tx: Tx, proposal: Proposal) -> tuple[SealedRow, ...]:
    """Each sealed field that is no longer what it was, of a plan also those of its calls; () when nothing moved."""
    rows = await _of_one(tx, proposal)
    for place, call in enumerate(await proposals.calls_of(tx, proposal.tenant, proposal.id), 1):
        of_call = await _of_one(tx, call)
        rows += [row.model_copy(update={"label": f"call {place}: {row.label}"}) for row in of_call]
    return tuple(rows)


async def was_erased(tx: Tx, proposal: Proposal) -> bool:
    """Whether nothing of an ended call is left because it was erased, copy and all; not so while it can still run."""
    ended = proposal.state in proposals.ENDED and not proposal.sealed
    return ended and not await seals.find(tx, proposal.tenant, proposal.id)


async def how_broken(tx: Tx, proposal: Proposal) -> str:
    """A sentence for people about a proposal whose seal is broken; it names what moved, and holds no value."""
    if await was_erased(tx, proposal):
        return str(SealErased(proposal.id))
    moved = await what_moved(tx, proposal)
    if [row.label for row in moved] == [FOREIGN]:
        return str(SealForeign(proposal.id))
    return str(SealBroken(proposal.id, named(moved)))


def named(moved: tuple[SealedRow, ...]) -> str:
    """The names of what moved, without a value: "arguments.value, says and expires_at"."""
    names = [row.label for row in moved[:_NAMED]]
    if rest := len(moved) - len(names):
        names.append(f"{rest} more")
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


async def _of_one(tx: Tx, proposal: Proposal) -> list[SealedRow]:
    if seal_if_whole(proposal) is not None:
        return []
    kept = await seals.find(tx, proposal.tenant, proposal.id)
    if digest(kept) != proposal.id:
        return [SealedRow(label=NO_ORIGINAL, before=None, after=None)]
    was = _read(kept)
    assert was is not None, "its hash is the id, so it is what was sealed"
    moved = [*_fields(was, proposal.sealed, kept), *_row(was, proposal)]
    return moved or [SealedRow(label=FOREIGN, before=None, after=None)]


def _fields(was: JsonObject, stored: str, kept: str) -> Iterator[SealedRow]:
    now = _read(stored)
    if now is None:
        yield SealedRow(label=UNREADABLE, before=f"{len(kept):,} characters", after=f"{len(stored):,} others")
        return
    moved = list(_moved("", was, now))
    if not moved and stored != kept:
        moved = [SealedRow(label="how it is written, not what it says", before=None, after=None)]
    yield from moved


def _moved(at: str, was: JsonObject, now: JsonObject) -> Iterator[SealedRow]:
    for name in [*was, *(name for name in now if name not in was)]:
        before, after, label = was.get(name), now.get(name), f"{at}{name}"
        if name in was and name in now and _same(before, after):
            continue
        if isinstance(before, dict) and isinstance(after, dict) and not at:  # an argument is named by its own name
            yield from _moved(f"{label}.", before, after)
        else:
            yield SealedRow(label=label, before=before, after=after)


def _row(was: JsonObject, proposal: Proposal) -> Iterator[SealedRow]:
    for column, field in _ROW.items():
        if getattr(proposal, column) != was.get(field):
            yield SealedRow(label=f"{column}, beside the seal", before=was.get(field), after=getattr(proposal, column))
    if proposal.expires_at != was.get("expires_at"):
        yield SealedRow(label="expires_at, beside the seal", before=was.get("expires_at"), after=proposal.expires_at)
    if proposal.is_plan is not (was.get("kind") == "plan"):
        yield SealedRow(label="kind, beside the seal", before=was.get("kind"), after=proposal.tool)


def _read(text: str) -> JsonObject | None:
    """The object that these bytes are, in the one form it can be compared in; None when they are none."""
    try:
        found = json.loads(text)
        canonical(found)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _same(one: JsonValue, other: JsonValue) -> bool:
    return canonical(one) == canonical(other)
