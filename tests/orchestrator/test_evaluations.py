"""A No with its reason is a case to evaluate agents with."""

from pydantic import JsonValue

from bot.brains.base import Call, Saying
from storage import evaluations, proposals
from storage.evaluations import Evaluation
from tests.builders import TENANT
from tests.orchestrator.office import Office

SECRET = "ghp_" + "a1B2" * 9


async def cases(office: Office) -> list[Evaluation]:
    async with office.db.read() as tx:
        return await evaluations.newest(tx, tenant=TENANT)


async def test_a_rejection_is_kept_as_a_case(office: Office) -> None:
    proposal = await office.proposed(text="checkout burns, set or drop something")
    await office.reject("U0DANA", proposal, "not during the sale")
    [case] = await cases(office)
    task = await office.task(proposal)
    assert (case.kind, case.request, case.feedback, case.by) == (
        "rejected",
        "checkout burns, set or drop something",
        "not during the sale",
        "U0DANA",
    )
    assert (case.agent, case.agent_version) == (task.agent, task.agent_version)
    assert (case.task_id, case.proposal_id) == (task.id, proposal.id)
    assert case.proposed["tool"] == "lab.set"
    assert case.proposed["arguments"] == {"thing": "checkout", "value": 7, "env": "prod"}


async def test_no_secret_gets_into_a_case(office: Office) -> None:
    """Neither from the request nor from the reason nor from the call."""
    arguments: dict[str, JsonValue] = {
        "thing": "checkout",
        "value": 7,
        "note": SECRET,
        "reason_code": "INCIDENT",
        "why": f"because {SECRET}",
    }
    office.script = [[Call(call_id="c1", tool="lab.set", arguments=arguments)], [Saying(delta="ok")]]
    proposal = await office.proposed(text=f"checkout burns, set or drop something; my token is {SECRET}")
    await office.reject("U0DANA", proposal, f"do not paste {SECRET}")
    [case] = await cases(office)
    assert SECRET not in repr(case)
    assert "my token is" in case.request and "do not paste" in case.feedback


async def test_only_what_counted_is_a_case(office: Office) -> None:
    """A refused press, a second press and the rejection of an undo are none."""
    proposal = await office.proposed()
    await office.reject("U0RILEY", proposal, "I do not like it")
    assert await cases(office) == []
    await office.reject("U0DANA", proposal, "no", key="once")
    await office.reject("U0DANA", proposal, "no", key="once")
    await office.reject("U0SAM", proposal, "no")
    assert len(await cases(office)) == 1
    done = await office.ran()
    await office.undo("U0DANA", done)
    office.lab.state["checkout"] = 5
    await office.work()
    undo = (await office.again(done)).undone_by
    async with office.db.read() as tx:
        inverse = await proposals.get(tx, TENANT, undo or "")
    await office.reject("U0SAM", inverse, "leave it")
    assert len(await cases(office)) == 1


async def test_a_thumb_down_is_a_case_until_it_turns_up(office: Office) -> None:
    """One a person and answer, without secrets; another's thumb is their own."""
    task = await office.task(await office.proposed(text=f"checkout burns, set or drop something; my token is {SECRET}"))

    async def judge(who: str, said: str, key: str) -> list[tuple[str, str]]:
        await office.desk.judge(tenant=TENANT, task_id=task.id, who=who, said=said, key=key)
        return [(case.kind, case.by) for case in await cases(office)]

    assert await judge("U0ANA", "bad", "k1") == [("bad_answer", "U0ANA")]
    assert await judge("U0ANA", "bad", "k2") == [("bad_answer", "U0ANA")]
    assert await judge("U0SAM", "bad", "k3") == [("bad_answer", "U0ANA"), ("bad_answer", "U0SAM")]
    [case] = [case for case in await cases(office) if case.by == "U0ANA"]
    assert (case.task_id, case.channel, case.agent) == (task.id, task.channel, task.agent)
    assert SECRET not in repr(case) and "my token is" in case.request
    assert await judge("U0ANA", "good", "k4") == [("bad_answer", "U0SAM")]
