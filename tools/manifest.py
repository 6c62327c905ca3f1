"""What a tool declares about itself. Read from YAML beside the tool; nothing here is inferred."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from policy.types import Tier
from tools.trusted_fields import TrustedField

ToolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", max_length=64)]
Cel = Annotated[str, Field(min_length=1, max_length=4000)]
"""a CEL expression, see tools/expressions.py; which names it sees is said at each field"""


Sensitivity = Literal["public", "internal", "confidential"]
SENSITIVITIES: Final[tuple[Sensitivity, ...]] = ("public", "internal", "confidential")
"""from what anybody may hear to what few may"""


class DryRun(StrEnum):
    """How well a call's effect is known before it runs; the card names the grade."""

    SIMULATED = "simulated"
    """from the manifest's declarations only"""
    PREVIEWED = "previewed"
    """the tool computed before and after"""
    ANALYSED = "analysed"
    """previewed, and what it touches was counted"""

    @property
    def words(self) -> str:
        """The grade as people read it, on cards and in dry runs."""
        return {
            DryRun.SIMULATED: "simulated from the manifest",
            DryRun.PREVIEWED: "previewed by the tool",
            DryRun.ANALYSED: "previewed with impact analysis",
        }[self]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bound(_Strict):
    """What values of one parameter may ever be proposed. Tighter than the schema; policy may be tighter still."""

    min: float | None = None
    max: float | None = None
    one_of: tuple[str | int | bool, ...] | None = None
    max_length: int | None = None
    """characters"""


class Example(_Strict):
    input: Mapping[str, JsonValue]
    output: JsonValue = None


class TargetRule(_Strict):
    """Which thing a call acts on."""

    kind: str = "service"
    id: Cel
    """sees `args`"""
    env: Cel = "env"
    """sees `args` and `env` (where this installation's source says it runs)"""


class ToolManifest(_Strict):
    """One tool's declaration. A tool without one is not registered."""

    name: ToolName
    version: str = "1"
    owner: str
    summary: str = Field(max_length=400)
    """what it does and when to use it; this is what a brain reads"""
    tier: Tier = Tier.IRREVERSIBLE
    """unknown means irreversible"""
    max_autonomy: int = Field(default=4, ge=0, le=4)
    """the highest level of autonomy it ever has, whatever the policy files say: 1 means that other people decide"""
    title: Cel
    """the step in words for people, past tense: "'Checked error rates of ' + args.service"; sees `args`, `env`"""
    says: Cel | None = None
    """writes: line 1 of the card, verb first; sees `args`, `env`"""
    verb: str = ""
    """writes: the word on the Approve button ("turn off"); at most 20 characters"""
    target: TargetRule
    side_effects: tuple[str, ...] = ()
    dry_run: DryRun = DryRun.SIMULATED
    idempotent: bool = False
    """the far end takes our idempotency key, or doing it twice is doing it once"""
    examples: tuple[Example, ...] = ()
    failure_modes: tuple[str, ...] = ()
    bounds: Mapping[str, Bound] = {}
    egress: tuple[str, ...] = ()
    """hosts the tool may talk to"""
    hosts: tuple[str, ...] = ()
    """parameters that name a host or an address: only hosts in `egress` are reached ("*.example.com" is those below)"""
    sensitivity: Sensitivity = "internal"
    """of what it answers: a channel that may not hear that much cannot have it called"""
    reach: Sensitivity = "confidential"
    """how much its far end may be told: once a task has read more than that, the tool is closed to it"""
    asked_by: tuple[str, ...] = ()
    """writes: phrases of a request that ask for it ("turn off flag"); without any, its name and its verb do"""
    sinks: tuple[str, ...] | None = None
    """parameters whose value decides what is touched or who is told; left out: all of a write, none of a read"""
    dangerous: tuple[str, ...] = ()
    """sinks that refuse a value nobody vouches for, where others have people asked"""
    trusted_output: bool = False
    """its results are our own systems' state, not free text of others: values in them count as looked up"""
    trusted_fields: tuple[TrustedField, ...] = ()
    """of results that hold free text of others, too: the values that are our own systems' state, "posts[].post_id" """
    reason_codes: tuple[str, ...] = ("INCIDENT", "TICKET", "ROUTINE")
    rate_per_hour: int = Field(default=60, gt=0)
    timeout_seconds: float = Field(default=10.0, gt=0, le=25)
    """the lease is renewed meanwhile; this bounds how late a frozen worker's call may still arrive: see docs/why.md"""
    watch_seconds: float = Field(default=0.0, ge=0)
    """writes: how long `verify` is asked again until it holds; no worker waits meanwhile, and a restart goes on"""
    on_failed_check: Literal["tell", "undo"] = "tell"
    """writes: what a check that does not hold by then leads to: people are told, or Undo is pressed for them"""
    drift_percent: int = Field(default=20, ge=0)
    """how far the counted blast radius may move between proposal and run, in percent; other state must be equal"""
