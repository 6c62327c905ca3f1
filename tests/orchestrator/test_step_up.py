"""Second factors: a link and a code each work once, and what takes a factor runs only with it. On both engines."""

import asyncio

from bot.orchestrator.requests import Said
from storage.records import ProposalState
from tests.orchestrator.stepped import House, house, strict_engine, strict_rules
from tests.tools.asking import tamper

__all__ = ["house", "strict_engine", "strict_rules"]


async def test_what_takes_a_factor_runs_when_both_leads_proved_one(house: House) -> None:
    """And the vote, the record and what is approved all say how."""
    proposal = await house.office.proposed()
    assert (await house.office.approve("U0NOOR", proposal)).said is Said.COUNTED, "her group is asked for none"
    assert (await house.prove("U0LEA", proposal)).said is Said.COUNTED
    assert (await house.office.approve("U0LEA", proposal)).said is Said.COUNTED, "no second link for what is counted"
    assert (await house.prove("U0LIV", proposal)).said is Said.DONE
    assert await house.votes(proposal) == {"U0NOOR": "", "U0LEA": "totp", "U0LIV": "totp"}
    assert await house.office.work()
    assert (await house.office.again(proposal)).state is ProposalState.RAN and len(house.office.lab.effects) == 1
    [approved] = await house.record("approved")
    assert '"stepped_up":{"U0LEA":"totp","U0LIV":"totp"}' in approved
    assert len(await house.record("step_up_asked")) == 2


async def test_a_link_works_once(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    assert (await house.proving.by_code(token, await house.code("U0LEA"))).said is Said.COUNTED
    assert (await house.proving.by_code(token, await house.code("U0LEA", 1))).said is Said.STALE
    assert (await house.proving.by_address(token, "lea@ops.example")).said is Said.STALE
    assert await house.votes(proposal) == {"U0LEA": "totp"}


async def test_two_at_once_at_one_link_give_one_vote(house: House) -> None:
    proposal = await house.office.proposed()
    token = await house.token("U0LEA", proposal)
    tries = [house.proving.by_address(token, "lea@ops.example") for _ in range(4)]
    answers = await asyncio.gather(*tries)
    assert sorted(a.said for a in answers if a.said is Said.COUNTED) == [Said.COUNTED]
    assert await house.votes(proposal) == {"U0LEA": "oidc"}


async def test_a_code_works_once_for_all_links(house: House) -> None:
    """Read over a shoulder, it opens neither the same proposal again nor another."""
    first = await house.office.proposed()
    code = await house.code("U0LEA")
    assert (await house.proving.by_code(await house.token("U0LEA", first), code)).said is Said.COUNTED
    second = await house.office.proposed()
    answer = await house.proving.by_code(await house.token("U0LEA", second), code)
    assert answer.said is Said.INVALID and "used already" in answer.message
    assert await house.votes(second) == {}


async def test_five_wrong_codes_end_a_link_and_ten_in_a_row_rest_the_person(house: House) -> None:
    """So a stolen session that asks for link after link cannot go through the million codes."""
    proposal = await house.office.proposed()
    for _ in range(2):
        token = await house.token("U0LEA", proposal)
        for _ in range(5):
            assert (await house.proving.by_code(token, "no code")).said is Said.INVALID
        assert (await house.proving.by_code(token, await house.code("U0LEA"))).said is Said.STALE
    token = await house.token("U0LEA", proposal)
    answer = await house.proving.by_code(token, await house.code("U0LEA"))
    assert answer.said is Said.INVALID and "wait 15 minutes" in answer.message
    await tamper(house.office.db, "UPDATE factors SET tries_since = tries_since - 1000")
    assert (await house.proving.by_code(token, await house.code("U0LEA"))).said is Said.COUNTED
