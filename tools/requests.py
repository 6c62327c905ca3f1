"""What the gateway is asked, and what it tells its caller inside its own transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from policy.mandate import Mandate
from policy.provenance import Provenance
from policy.types import Actor, Place
from storage.db import Tx
from storage.records import Proposal, Task
from tools.contract import JsonObject
from tools.manifest import Sensitivity
from tools.outcomes import Execution, Outcome
from tools.sealing import SealedEvidence


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What the agent that asks may use at all, whatever the rules would allow."""

    tools: tuple[str, ...]
    """names, prefixes ("shop.*") or "*" """
    max_proposals: int
    """how often one task may ask people"""

    def covers(self, tool: str) -> bool:
        return any(
            pattern in ("*", tool) or (pattern.endswith(".*") and tool.startswith(pattern[:-1]))
            for pattern in self.tools
        )


@dataclass(frozen=True, kw_only=True)
class RequestedCall:
    """One call a brain asked for, with where it comes from."""

    task: Task
    scope: Scope
    call_id: str
    """unique in the task; the intent's key is made of it"""
    tool: str
    arguments: JsonObject
    requester: Actor | None
    place: Place
    mandate: Mandate
    """what the trusted request implies; a change outside it is denied"""
    reason_code: str = ""
    why: str = ""
    """the brain's words for the card: its opinion"""
    skill: str = ""
    edited_by: str = ""
    """the person who changed the arguments in the Edit modal"""
    traced: Mapping[str, Provenance] = field(default_factory=dict)
    """slot of an argument → where its value came from"""
    asked: str = ""
    """what of the request implies this call, in words for the card"""
    derived: bool = False
    """an installed playbook, run on this transcript, makes exactly this call"""
    label: Sensitivity = "public"
    """the most confidential thing this task has read so far"""
    evidence: Sequence[SealedEvidence] = ()
    """what was seen in this task before the call"""

    @property
    def key(self) -> str:
        """The intent's unique key, should it run without people."""
        return f"call:{self.task.id}:{self.call_id}"


class Then(Protocol):
    """The caller's part of each step. The three coroutines run in the transaction that writes the step."""

    def check_lease(self) -> None:
        """Pass while this worker still holds the task; asked right before a tool runs.

        Raises:
            LostRace: the lease is over.
        """
        ...

    async def parked(self, tx: Tx, proposal: Proposal) -> None:
        """A proposal was stored."""
        ...

    async def settled(self, tx: Tx, outcome: Outcome | Execution) -> None:
        """A call ended, one way or the other."""
        ...

    async def running(self, tx: Tx) -> None:
        """An intent was written; the tool runs next.

        Raises:
            Stopped: a person stopped the task; the intent goes with the transaction.
        """
        ...
