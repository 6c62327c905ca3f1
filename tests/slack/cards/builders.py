"""Views that are valid by default; a test overrides what matters to it."""

from dataclasses import replace
from typing import Any

from bot.orchestrator.views import (
    ApprovalView,
    ArgumentView,
    CardState,
    DigestItem,
    EvidenceLink,
    FieldView,
    Need,
    TaskLine,
    VoteLine,
)
from policy.types import Risk, RiskPart
from tools.contract import Change, Counted
from tools.manifest import DryRun

PROPOSAL = "9f2c" * 16
NOON = 1_763_640_000.0
"""2025-11-20 12:00 UTC"""


def an_approval(state: CardState = CardState.PROPOSED, **changed: Any) -> ApprovalView:
    """The running example: a feature flag to be turned off in prod."""
    view = ApprovalView(
        proposal_id=PROPOSAL,
        fence=3,
        state=state,
        says="Turn feature flag `new-checkout` off in prod",
        verb="turn off",
        tool="shop.set_flag",
        env="prod",
        tier="reversible",
        arguments=(ArgumentView(name="flag", value='"new-checkout"'), ArgumentView(name="on", value="false")),
        changes=(Change(label="new-checkout", before="on for 100 %", after="off"),),
        counted=(Counted(count=1_900, unit="users", of=16_000), Counted(count=1, unit="service")),
        grade=DryRun.ANALYSED,
        risk=Risk(score=34, parts=(RiskPart(label="prod", points=20), RiskPart(label="12 % of users", points=14))),
        why="The error rate rose two minutes after the flag was turned on.",
        evidence=(EvidenceLink(label="5xx rate 14:02 to 14:09, 7.3 %", url="http://127.0.0.1:8090/metrics?from=1"),),
        undo_says="Turn feature flag `new-checkout` on in prod",
        undo_rehearsed_at=NOON - 30,
        undo_objects=1,
        needs=(Need(count=1, group="operators", have=0), Need(count=2, group="sre-leads", have=0)),
        votes=(),
        requester="U0ANA",
        expires_at=NOON + 4 * 3600,
        proposed_at=NOON,
        decided_at=None,
        finished_at=None,
        rules=("prod-flags-need-operators",),
        agent="autopilot",
        agent_version="1",
        policy_version="2025-11-01",
    )
    return replace(view, **changed)


def in_state(state: CardState) -> ApprovalView:  # noqa: PLR0912  one case a state
    """The example as it looks in one state."""
    approved = (
        VoteLine(voter="U0DANA", approve=True, at=NOON + 60),
        VoteLine(voter="Sam Lindqvist", approve=True, at=NOON + 90),
    )
    ran: dict[str, Any] = {"votes": approved, "decided_at": NOON + 90, "finished_at": NOON + 93.2}
    match state:
        case CardState.PARTLY_APPROVED:
            needs = (Need(count=1, group="operators", have=1), Need(count=2, group="sre-leads", have=0))
            return an_approval(state, votes=approved[:1], needs=needs)
        case CardState.CHANGED:
            return an_approval(state, moved=(Change(label="users on it", before=1_900, after=4_100),))
        case CardState.SUPERSEDED:
            return an_approval(state, superseded_by="https://acme.slack.com/archives/C1/p1763640000000100")
        case CardState.HALTED:
            by = "halted by <@U0DANA>: deploys have gone mad"
            return an_approval(state, votes=approved, decided_at=NOON + 90, halted=by)
        case CardState.RUNNING | CardState.UNDOING:
            return an_approval(state, votes=approved, decided_at=NOON + 90)
        case CardState.VERIFIED:
            seen = "The flag is off; checkout answers without errors since 12:02."
            return an_approval(state, outcome=seen, undo_until=NOON + 86_400, **ran)
        case CardState.DONE:
            return an_approval(state, outcome="The flag is off.", undo_until=NOON + 86_400, **ran)
        case CardState.FAILED:
            return an_approval(state, outcome="The shop answered 503; the flag is still on. Try again later.", **ran)
        case CardState.REFUSED:
            gone = "Dana is no longer in @sre-leads; nothing ran. Propose it again."
            return an_approval(state, outcome=gone, **ran)
        case CardState.UNKNOWN:
            lost = "The answer got lost on the way; the flag may be off or on."
            return an_approval(state, outcome=lost, votes=approved, decided_at=NOON + 90)
        case CardState.REJECTED:
            no = VoteLine(voter="U0SAM", approve=False, at=NOON + 70, reason="Wait for the release at 13:00")
            return an_approval(state, votes=(no,), decided_at=NOON + 70)
        case CardState.UNDONE:
            return an_approval(state, undone_by="U0DANA", **ran)
        case _:
            return an_approval(state)


def a_field(kind: str, value: str, **changed: Any) -> FieldView:
    return replace(FieldView(name="percent", label="Percent", kind=kind, value=value), **changed)


def an_item(**changed: Any) -> DigestItem:
    item = DigestItem(says="Turn flag `a` off in prod", state=CardState.VERIFIED, who="U0DANA", at=NOON)
    return replace(item, **changed)


def a_task(**changed: Any) -> TaskLine:
    task = TaskLine(title="checkout is failing", state="needs_approval", requester="U0ANA", at=NOON)
    return replace(task, **changed)
