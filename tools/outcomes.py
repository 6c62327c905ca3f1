"""What the gateway gives back. Callers match to the end."""

from dataclasses import dataclass

from policy.types import Obligation
from tools.contract import Change, Counted, JsonObject, Verified
from tools.manifest import DryRun


@dataclass(frozen=True, kw_only=True)
class Ran:
    """The call ran (or was found to have run); `result` is redacted."""

    result: JsonObject
    finding: str
    evidence: str
    verified: Verified | None = None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Sealed; people decide."""

    proposal_id: str


@dataclass(frozen=True, kw_only=True)
class Denied:
    """Policy, the manifest or a person's earlier No forbids it; nothing ran."""

    because: tuple[str, ...]
    message: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It did not work; nothing is in doubt."""

    message: str
    reason: str = "error"


@dataclass(frozen=True, kw_only=True)
class InDoubt:
    """It may have run and nobody can tell from here: a person must say."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Previewed:
    """A dry run: what would have happened."""

    says: str
    grade: DryRun
    changes: tuple[Change, ...]
    counted: tuple[Counted, ...]
    would: str
    """run alone | ask: 1 of @operators | be denied: …"""
    obligations: tuple[Obligation, ...] = ()


Outcome = Ran | Waiting | Denied | Failed | InDoubt | Previewed


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Re-checked before the run and refused for good; nothing ran."""

    because: tuple[str, ...]
    message: str


@dataclass(frozen=True, kw_only=True)
class AskAgain:
    """The world or the rules moved since people decided; a new proposal replaces the old one."""

    proposal_id: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Halted:
    """A person stopped everything: it has not begun, stays approved, and is asked again after the lift."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Overtaken:
    """Other changes began since it was decided, and with them the decision is another: nothing began, decide anew."""


Execution = Ran | Failed | InDoubt | Refused | AskAgain | Halted
"""what executing an approved proposal can come to"""
