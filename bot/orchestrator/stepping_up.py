"""An approval that takes a second factor: instead of a vote, its giver gets a link, for them and this proposal only."""

from dataclasses import dataclass

from bot.factors.step_up import LIFE, StepUps
from bot.lifecycle.moves import note
from bot.orchestrator.freshness import stale
from bot.orchestrator.refusals import refuse
from bot.orchestrator.requests import Answer, Click, Said
from storage import factors, inbox, proposals, step_ups, tasks
from storage.db import Database
from storage.records import Proposal
from storage.step_ups import StepUpLink

NOT_SET_UP = Answer(
    said=Said.REFUSED,
    message="this takes a second factor, and none is set up here, so nothing was counted",
    rules=("builtin:step-up",),
    hint="whoever runs me sets AUTOPILOT_STEP_UP_KEY and AUTOPILOT_CONSOLE_URL; 'autopilot doctor' says how",
)
HERE_ONLY = "this takes a second factor: press Approve in Slack, which gives you a link to prove it"


@dataclass(frozen=True, kw_only=True)
class Proven:
    """A second factor was proven by the person of this link, just now."""

    link: StepUpLink
    method: str
    """totp | oidc"""


async def send(db: Database, means: StepUps | None, click: Click, proposal: Proposal) -> Answer:
    """The answer to an Approve that takes a second factor: a link that works once, or why there is none."""
    if means is None:
        return await refuse(db, click, proposal, NOT_SET_UP, "vote_refused")
    over = await stale(db, click)
    if over is not None:
        return over
    async with db.read() as tx:
        enrolled = await factors.find(tx, click.tenant, click.who) is not None
        voted = await proposals.votes_on(tx, click.tenant, proposal.id)
    if any(vote.voter == click.who and vote.approve and vote.stepped_up for vote in voted):
        return Answer(said=Said.COUNTED, message="your vote is already counted", task_id=proposal.task_id)
    if not enrolled and means.oidc is None:
        return await refuse(db, click, proposal, _not_enrolled(click.who), "vote_refused")
    async with db.write() as tx:
        task = await tasks.get(tx, click.tenant, proposal.task_id)
        if not await inbox.first_time(tx, click.tenant, f"click:{click.key}", "click"):
            return Answer(said=Said.DUPLICATE, message="this press was already answered")
        link = await step_ups.issue(tx, tenant=click.tenant, proposal_id=proposal.id, person=click.who, life=LIFE)
        await note(tx, task, "step_up_asked", {"who": click.who, "proposal": proposal.id, "link": link.id})
    return Answer(
        said=Said.STEP_UP,
        message=f"one more step: prove your second factor within {LIFE / 60:.0f} minutes; nothing is counted before",
        task_id=task.id,
        link=means.url(link),
    )


def _not_enrolled(who: str) -> Answer:
    return Answer(
        said=Said.REFUSED,
        message="this takes a second factor, and you have none here, so nothing was counted",
        rules=("builtin:step-up",),
        hint=f"ask whoever runs me for: autopilot approvers enrol {who}",
    )
