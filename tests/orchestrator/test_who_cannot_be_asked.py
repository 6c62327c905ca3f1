"""While nobody can say who is in a group: a clear sentence, nobody let through, nothing lost."""

import pytest

from bot.orchestrator import sweeps
from bot.orchestrator.requests import Answer, Said, Verdict
from bot.orchestrator.show import Showroom
from storage import posts, proposals, tasks
from storage.records import PostKind, ProposalState, TaskState
from tests.builders import TENANT
from tests.orchestrator.office import Office
from tests.tools.asking import bodies, tamper

PHONE = "'phone' did not answer within 1.5 s"
WORDS = f"nothing was counted, because nobody can say who is in @operators right now: {PHONE}"


async def _votes(office: Office, proposal_id: str) -> list[str]:
    async with office.db.read() as tx:
        return [vote.voter for vote in await proposals.votes_on(tx, TENANT, proposal_id)]


async def test_a_press_while_a_source_is_silent_is_told_and_counts_when_pressed_again(office: Office) -> None:
    proposal = await office.proposed()
    office.staff.silent = {"operators": PHONE}
    answer = await office.approve("U0DANA", proposal)
    assert (answer.said, answer.message, answer.rules) == (Said.REFUSED, WORDS, ("builtin:people",))
    assert "press again" in answer.hint
    assert await _votes(office, proposal.id) == []
    [body] = await bodies(office.db, "vote_refused")
    assert (body["who"], body["rules"]) == ("U0DANA", ["builtin:people"])
    office.staff.silent = {}
    assert (await office.approve("U0DANA", proposal)).said is Said.DONE


async def test_a_group_nobody_asks_about_may_be_silent(office: Office) -> None:
    proposal = await office.proposed()
    office.staff.silent = {"sre-leads": PHONE}
    assert (await office.approve("U0DANA", proposal)).said is Said.DONE


@pytest.mark.parametrize("what", ["approve", "reject", "edit", "undo", "resolve"])
async def test_no_press_is_lost_silently_when_slack_says_nothing(office: Office, what: str) -> None:
    proposal = await office.proposed()
    office.staff.lost = "slack does not say who is who (ratelimited)"
    answers = {
        "approve": lambda: office.approve("U0DANA", proposal),
        "reject": lambda: office.reject("U0DANA", proposal, "no"),
        "edit": lambda: office.edit("U0DANA", proposal, value=9),
        "undo": lambda: office.undo("U0DANA", proposal),
        "resolve": lambda: office.resolve("U0DANA", proposal, Verdict.DROP),
    }
    answer: Answer = await answers[what]()
    assert answer.said is Said.REFUSED
    assert answer.message == "nothing was counted, because slack does not say who is who (ratelimited)"
    assert await office.again(proposal) == proposal
    refusals = [b for e in ("vote", "edit", "undo", "doubt") for b in await bodies(office.db, f"{e}_refused")]
    assert [body["who"] for body in refusals] == ["U0DANA"]


async def test_an_undo_or_edit_by_somebody_of_a_silent_group_is_told_why(office: Office) -> None:
    done = await office.ran()
    waiting = await office.proposed()
    office.staff.silent = {"operators": PHONE}
    assert (await office.undo("U0SAM", done)).message == WORDS
    assert (await office.edit("U0SAM", waiting, value=9)).message == WORDS
    office.staff.silent = {}
    assert (await office.undo("U0SAM", done)).said is Said.DONE


async def test_earlier_votes_do_not_count_while_their_group_is_silent_and_do_afterwards(office: Office) -> None:
    """One of operators is owed and two of sre; the press that finds out says so."""
    office.lab.users = 60  # more than a quarter: two of sre besides
    proposal = await office.proposed()
    assert (await office.approve("U0NOOR", proposal)).said is Said.COUNTED
    assert (await office.approve("U0DANA", proposal)).said is Said.COUNTED
    office.staff.groups["U0KIM"] = {"sre"}
    office.staff.silent = {"operators": PHONE}
    answer = await office.approve("U0KIM", proposal)
    assert answer.said is Said.COUNTED
    assert answer.message.startswith("counted; still needs 1 of @operators; nobody can say who is in @operators")
    assert "press again" in answer.message
    office.staff.silent = {}
    assert (await office.approve("U0KIM", proposal)).said is Said.DONE


async def test_an_approved_call_waits_for_its_source_and_then_runs(office: Office) -> None:
    """Not refused for good: what people approved is not lost because a service hiccups. They are told once."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    office.staff.silent = {"operators": PHONE}
    await office.work()
    assert office.lab.effects == []
    task = await office.task(proposal)
    assert (task.state, task.owner) == (TaskState.EXECUTING, None)
    assert PHONE in task.reason
    assert (await office.again(proposal)).state is ProposalState.APPROVED
    async with office.db.write() as tx:
        told = await posts.claim(tx, owner="o", lease=9, limit=20)
    notices = [post for post in told if post.kind is PostKind.NOTICE]
    assert [str(n.body["text"]).startswith("Approved, but it does not run yet: ") for n in notices] == [True]
    office.staff.silent = {}
    await tamper(office.db, "update tasks set due_at = 0 where id = :task", task=task.id)
    assert await office.work()
    assert [effect[:3] for effect in office.lab.effects] == [("lab.set", "checkout", 7)]


async def test_a_long_wait_for_a_source_wears_out_no_worker(office: Office) -> None:
    """Twenty looks that nobody answered, then a worker dies: what people approved still runs."""
    proposal = await office.proposed()
    await office.approve("U0DANA", proposal)
    office.staff.silent = {"operators": PHONE}
    due = "update tasks set due_at = 0 where id = :task"
    for _ in range(2 * tasks.MOST_ATTEMPTS):
        await office.work()
        await tamper(office.db, due, task=proposal.task_id)
    office.staff.silent = {}
    assert await office.claim("dead", lease=-1.0) is not None
    await sweeps.take_back(office.db)
    await office.work()
    assert (await office.again(proposal)).state is ProposalState.RAN and len(office.lab.effects) == 1


async def _notices(office: Office, proposal_id: str) -> tuple[str, ...]:
    room = Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed)
    return (await room.approval(TENANT, proposal_id)).notices


async def test_a_waiting_card_says_that_a_group_is_empty_or_too_small_or_cannot_be_asked(office: Office) -> None:
    """Before anybody presses in vain; who asked, who edited and who has voted are not counted as left."""
    office.lab.users = 60  # more than a quarter: two of sre besides one of operators
    proposal = await office.proposed()
    assert await _notices(office, proposal.id) == ()
    office.staff.silent = {"operators": PHONE}
    office.staff.groups["U0NOOR"] = set()
    card = await _notices(office, proposal.id)
    assert card == (
        f"At the last look nobody can say who is in @operators right now: {PHONE}. A press asks again",
        "At the last look there was only 1 person in @sre who could still approve this. A press asks again",
    )
    office.staff.silent = {}
    office.staff.groups = {"U0ANA": {"operators"}, "U0SAM": {"sre"}, "U0NOOR": {"sre"}}
    [nobody] = await _notices(office, proposal.id)  # Ana asked
    assert nobody.startswith("At the last look there was nobody in @operators")
    await office.approve("U0SAM", proposal)
    assert await _notices(office, proposal.id) == (nobody,)


async def test_a_card_of_a_schedule_tells_its_owner_who_can_approve_it(office: Office) -> None:
    """On the card, and when the owner presses; nothing of that where no schedule asked."""
    proposal = await office.proposed()
    assert "schedule" not in (await office.approve("U0ANA", proposal)).hint
    await tamper(office.db, "update tasks set source = 'schedule' where id = :task", task=proposal.task_id)
    [said] = await _notices(office, proposal.id)
    others = "somebody else of @operators must approve it"
    assert said == f"A schedule of <@U0ANA> asks for this, which counts as their asking: {others}"
    answer = await office.approve("U0ANA", proposal)
    assert (answer.said, answer.hint) == (
        Said.REFUSED,
        f"a schedule of yours asks for this, which counts as your asking: {others}",
    )
    await office.approve("U0DANA", proposal)
    assert await _notices(office, proposal.id) == ()
