"""An intent runs once: every way a tool can fail, and what a second worker finds."""

import asyncio

import pytest

from policy.provenance import Origin, Provenance
from policy.redaction import Redactor
from storage import intents
from storage.db import Database
from storage.errors import LostRace
from storage.records import IntentState, NewIntent, Task
from tests.builders import TENANT
from tests.tools.asking import a_call, approved, ask, entries, execute, ledger, propose
from tests.tools.spy import Lab, Notes, broken_before, crashes, lost_answer, never_arrived
from tests.tools.staff import Staff
from tests.tools.test_gateway_order import alone
from tools.gateway import Gateway
from tools.outcomes import Failed, InDoubt, Ran
from tools.running import ATTEMPTS


@pytest.fixture(autouse=True)
def _alone(gateway: Gateway) -> None:
    alone(gateway)


async def test_a_clear_failure_is_final(gateway: Gateway, db: Database, lab: Lab, task: Task) -> None:
    lab.troubles = [broken_before]
    outcome = await ask(gateway, task)
    assert outcome == Failed(message="'checkout' is locked; unlock it", reason="refused")
    assert lab.effects == [] and (await ledger(db, task))[0].state is IntentState.FAILED
    assert await ask(gateway, task) == Failed(message="'checkout' is locked; unlock it", reason="failed before")
    assert lab.seen.count("run lab.set") == 1


async def test_a_lost_answer_is_looked_for_not_repeated(gateway: Gateway, lab: Lab, task: Task) -> None:
    """The check sees the change, so it ran; the tool is not called again."""
    lab.troubles = [lost_answer]
    outcome = await ask(gateway, task)
    assert isinstance(outcome, Ran) and outcome.verified is not None
    assert len(lab.effects) == 1 and lab.seen.count("run lab.set") == 1


@pytest.mark.parametrize("trouble", [never_arrived, crashes])
async def test_what_cannot_be_told_is_a_doubt(
    gateway: Gateway, db: Database, lab: Lab, task: Task, trouble: object
) -> None:
    """A "no" of the check may be a call still on its way: a person must say."""
    lab.troubles = [trouble]  # type: ignore[list-item]
    outcome = await ask(gateway, task)
    assert isinstance(outcome, InDoubt) and "a1B2" not in outcome.message
    assert (await ledger(db, task))[0].state is IntentState.IN_DOUBT
    assert isinstance(await ask(gateway, task), InDoubt) and lab.seen.count("run lab.set") == 1


async def test_an_idempotent_tool_is_asked_again_under_one_key(gateway: Gateway, lab: Lab, task: Task) -> None:
    lab.troubles = [lost_answer, never_arrived]
    assert isinstance(await ask(gateway, task, "lab.put"), Ran)
    assert lab.seen.count("run lab.put") == ATTEMPTS and len(lab.effects) == 1


@pytest.mark.parametrize("check_works", [True, False])
async def test_a_clear_no_after_a_lost_answer_does_not_say_that_nothing_happened(
    gateway: Gateway, db: Database, lab: Lab, task: Task, check_works: bool
) -> None:
    """The first try deleted it, and the second is told that there is no such thing."""
    lab.troubles, lab.check_works = [lost_answer, broken_before, broken_before], check_works
    outcome = await ask(gateway, task, "lab.put")
    assert isinstance(outcome, Ran if check_works else InDoubt)
    state = IntentState.RAN if check_works else IntentState.IN_DOUBT
    assert [line.state for line in await ledger(db, task)] == [state] and len(lab.effects) == 1


async def test_a_slow_tool_is_cut_off(gateway: Gateway, db: Database, lab: Lab, staff: Staff, task: Task) -> None:
    lab.hold = asyncio.Event()
    lab.check_works = False
    hasty = Gateway(
        db=db,
        registry=lab.registry(timeout_seconds=0.1),
        rules=gateway.rules,
        redactor=Redactor.default(),
        people=staff,
    )
    outcome = await ask(hasty, task)
    assert isinstance(outcome, InDoubt) and "did not answer within 0.1 s" in outcome.message


async def test_a_result_that_is_no_json_does_not_undo_that_it_ran(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """NaN, huge numbers, lone surrogates, NUL, endless nesting: the run is recorded, the values are kept as text."""
    endless: dict[str, object] = {}
    endless["again"] = endless
    for number, answer in enumerate(
        [
            {"a": float("nan"), "b": 2**70, "c": "\ud800\x00", "\x00k": 1, "ok": 1.5},
            endless,
            {"when": object()},
            [1, 2],
        ]
    ):
        lab.answers = answer  # type: ignore[assignment]
        outcome = await ask(gateway, task, "lab.any", {}, call_id=f"any{number}")
        assert isinstance(outcome, Ran), answer
        if number == 0:
            assert outcome.result == {
                "a": "nan",
                "b": str(2**70),
                "c": "\\ud800\\u0000",
                "\\u0000k": 1,
                "ok": 1.5,
            }
        if number == 3:
            assert outcome.result == {"result": [1, 2]}
    assert {line.state for line in await ledger(db, task)} == {IntentState.RAN}


async def test_secrets_are_gone_from_result_error_evidence_ledger_and_audit(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Case 38, at the gateway: what the tool says and what it was given."""
    from storage import evidence

    secret = "ghp_" + "a1B2" * 9
    lab.answers = {"token": secret, "log": f"login with {secret}"}
    ran = await ask(gateway, task, "lab.any", {"password": secret})
    lab.troubles = [crashes]
    await ask(gateway, task, call_id="c2")
    async with db.read() as tx:
        kept = await evidence.of_task(tx, TENANT, task.id)
    written = f"{ran} {kept} {await ledger(db, task)} {await entries(db)}"
    assert secret not in written and written.count("[redacted") >= 4


async def test_twenty_at_once_make_one_intent_and_one_effect(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """One process over the same call again and again, while it is under way: no second run, and no doubt either."""
    outcomes = await asyncio.gather(*(gateway.call(a_call(task), Notes()) for _ in range(20)), return_exceptions=True)
    assert {type(o) for o in outcomes} <= {Ran, LostRace} and Ran in {type(o) for o in outcomes}
    assert len(lab.effects) == 1 and len(await ledger(db, task)) == 1


async def test_a_call_still_under_way_in_this_process_is_not_doubted(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Our lease ran out and we claimed our own task again; the answer of the first call may yet come, and it does."""
    under_way, lab.hold = asyncio.Event(), asyncio.Event()

    async def tell() -> None:
        under_way.set()

    lab.at_run = tell
    first = asyncio.create_task(ask(gateway, task))
    await under_way.wait()
    with pytest.raises(LostRace):
        await ask(gateway, task)
    lab.hold.set()
    assert isinstance(await first, Ran) and len(lab.effects) == 1
    assert [line.state for line in await ledger(db, task)] == [IntentState.RAN]


async def test_twenty_workers_that_begin_one_intent_make_one_row(db: Database, task: Task) -> None:
    """On any number of replicas: who does not write the row is told so."""
    values = {name: "x" for name in NewIntent.__dataclass_fields__}
    new = NewIntent(
        **{  # type: ignore[arg-type]
            **values,
            "tenant": TENANT,
            "task_id": task.id,
            "approved_by": [],
            "rules": [],
            "input": {},
            "dry_run": False,
            "blast": 0,
        }
    )

    async def begin() -> bool:
        try:
            async with db.write() as tx:
                await intents.begin(tx, new)
        except LostRace:
            return False
        return True

    assert sum(await asyncio.gather(*(begin() for _ in range(20)))) == 1
    assert len(await ledger(db, task)) == 1


async def test_a_call_begun_by_a_dead_worker_is_checked_not_repeated(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    """Invariant 4: intent and no outcome. The tool that is not idempotent is only asked whether it took."""

    class Died(BaseException):
        pass

    async def die() -> None:
        raise Died

    lab.at_run = die
    for call_id in ("c1", "c2"):
        with pytest.raises(Died):
            await ask(gateway, task, "lab.set" if call_id == "c1" else "lab.put", call_id=call_id)
    lab.at_run = None
    assert isinstance(await ask(gateway, task), InDoubt) and lab.effects == []
    assert isinstance(await ask(gateway, task, "lab.put", call_id="c2"), Ran) and len(lab.effects) == 1


async def test_an_approved_call_begun_by_a_dead_worker_is_checked_not_repeated(
    gateway: Gateway, db: Database, lab: Lab, task: Task
) -> None:
    class Died(BaseException):
        pass

    async def die() -> None:
        raise Died

    proposal = await approved(
        db,
        await propose(gateway, db, task, traced={"value": Provenance(origin=Origin.UNTRUSTED, where="a log line")}),
        ("U0DANA", "U0SAM"),
    )
    lab.at_run = die
    with pytest.raises(Died):
        await execute(gateway, task, proposal)
    lab.at_run = None
    assert isinstance(await execute(gateway, task, proposal), InDoubt)
    lab.state["checkout"] = 7
    assert isinstance(await execute(gateway, task, proposal), InDoubt), "the doubt is a person's to end"
    assert lab.effects == [] and lab.seen.count("run lab.set") == 1
