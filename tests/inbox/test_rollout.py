"""Dry run → manual run → unattended: each stage is refused until the one before it is on record and clean."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.agent.definition import load as load_agent
from bot.brains.scripted import ScriptedBrain
from bot.demo.hub.messages import Mailbox
from bot.inbox import rounds, tools, topics
from bot.inbox.build import AGENT, Built
from bot.inbox.definition import definition_of
from bot.inbox.errors import NotYet, Overlap
from bot.inbox.lease import SUBJECT, held
from bot.inbox.report import Report
from storage import audit, rollouts
from storage.db import Database
from storage.errors import LostRace
from storage.rollouts import NotProven, Stage
from storage.tables import run_leases
from tests.inbox.conftest import TENANT, MakeWorker

HELLO = "Please confirm you got this."
EVERY = [(one, other) for one in (None, False, True) for other in (None, False, True)]


async def manual(built: Built, db: Database) -> Report:
    return await rounds.act_once(built.worker, built.gate, db, TENANT)


async def unattended(built: Built, db: Database, *, ends_after: int = 1) -> tuple[bool, list[Report]]:
    stop, seen = asyncio.Event(), list[Report]()

    def on_round(report: Report) -> None:
        seen.append(report)
        if len(seen) >= ends_after:
            stop.set()

    calm = await rounds.act_until(stop, built.worker, built.gate, db, TENANT, on_round=on_round, pause=0.001)
    return calm, seen


async def test_each_stage_opens_the_next(db: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    built = make(db)
    mailbox.arrive(sender="mira", body=HELLO)
    with pytest.raises(NotYet, match="first run 'autopilot worker run --once --dry-run'"):
        await manual(built, db)
    with pytest.raises(NotYet, match="first run 'autopilot worker run --once --dry-run'"):
        await unattended(built, db)
    assert mailbox.effects == []
    assert (await rounds.rehearse(built.worker, built.gate)).clean
    with pytest.raises(NotYet, match="first run 'autopilot worker run --once --execute'"):
        await unattended(built, db)
    assert mailbox.effects == []
    assert (await manual(built, db)).clean
    mailbox.arrive(sender="mira", body=HELLO)
    calm, seen = await unattended(built, db)
    assert calm
    assert seen[0].clean
    async with db.read() as tx:
        events = [entry.event for entry in await audit.entries(tx, TENANT) if entry.event.startswith("ops.rollout.")]
    assert events == ["ops.rollout.ran", "ops.rollout.ran", "ops.rollout.started"]


async def test_another_definition_starts_again(lite: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    rules = make(lite)
    await rounds.rehearse(rules.worker, rules.gate)
    model = make(lite, brain=ScriptedBrain([]))
    with pytest.raises(NotYet):
        await manual(model, lite)


async def test_an_empty_inbox_proves_nothing(lite: Database, make: MakeWorker) -> None:
    built = make(lite)
    assert not (await rounds.rehearse(built.worker, built.gate)).clean
    with pytest.raises(NotYet):
        await manual(built, lite)


async def test_a_later_run_with_trouble_takes_the_proof_back(
    lite: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    built = make(lite)
    await rounds.rehearse(built.worker, built.gate)
    await built.gate.record(Stage.DRY_RUN, Report(trouble="the hub is broken"))
    with pytest.raises(NotYet):
        await manual(built, lite)


async def test_an_unattended_worker_with_trouble_stops_and_needs_a_person(
    lite: Database, mailbox: Mailbox, make: MakeWorker
) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    built = make(lite)
    await rounds.rehearse(built.worker, built.gate)
    await manual(built, lite)
    away = make(lite, app=_answering_500())
    assert away.gate.definition == built.gate.definition
    calm, seen = await unattended(away, lite, ends_after=99)
    assert (calm, len(seen)) == (False, rounds.PATIENCE)
    with pytest.raises(NotYet, match="--once --execute"):
        await unattended(built, lite)


def _answering_500() -> object:
    async def app(_scope: object, _receive: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"boom"})

    return app


async def test_a_worker_cannot_overlap_itself(db: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    built = make(db)
    await rounds.rehearse(built.worker, built.gate)
    async with held(db, TENANT):
        with pytest.raises(Overlap):
            await manual(built, db)
        assert mailbox.effects == []
    assert (await manual(built, db)).clean


async def test_a_dead_workers_lease_runs_out_and_it_does_nothing_more(db: Database) -> None:
    async with db.write() as tx:
        dead = await rollouts.take(tx, tenant=TENANT, subject=SUBJECT, owner="dead", seconds=-1)
    assert dead is not None
    async with held(db, TENANT) as lease:
        lease.check_lease()
        async with db.write() as tx:
            assert not await rollouts.renew(tx, dead, 60)
            await rollouts.release(tx, dead)
        async with db.read() as tx:
            row = (await tx.run(sa.select(run_leases))).one()
        assert (row.fence, row.owner != "dead", row.until > 0) == (2, True, True)


async def test_a_worker_that_lost_its_lease_writes_nothing(lite: Database, mailbox: Mailbox, make: MakeWorker) -> None:
    mailbox.arrive(sender="mira", body=HELLO)
    async with held(lite, TENANT, seconds=60) as lease:
        lease.until = 0.0
        with pytest.raises(LostRace):
            await make(lite).worker.act(lease)
    assert mailbox.effects == []


@pytest.mark.parametrize(("dry", "manual_"), EVERY)
async def test_the_rule_of_the_rollout(lite: Database, dry: bool | None, manual_: bool | None) -> None:
    """Every combination of what may be on record, for each stage that may be asked for."""
    for stage, clean in ((Stage.DRY_RUN, dry), (Stage.MANUAL, manual_)):
        if clean is not None:
            async with lite.write() as tx:
                await rollouts.record(
                    tx,
                    tenant=TENANT,
                    subject="s",
                    definition="d",
                    stage=stage,
                    seen=1,
                    troubles=[] if clean else ["boom"],
                )

    async def needs(stage: Stage, definition: str = "d") -> Stage | None:
        async with lite.read() as tx:
            try:
                await rollouts.require(tx, TENANT, "s", definition, stage)
            except NotProven as error:
                return error.need
        return None

    assert await needs(Stage.DRY_RUN) is None
    assert await needs(Stage.MANUAL) is (None if dry else Stage.DRY_RUN)
    assert await needs(Stage.UNATTENDED) is (Stage.DRY_RUN if not dry else None if manual_ else Stage.MANUAL)
    assert await needs(Stage.MANUAL, "another") is Stage.DRY_RUN


async def test_whatever_decides_what_it_does_is_in_the_definition(
    lite: Database, make: MakeWorker, tmp_path: Path
) -> None:
    hub = make(lite).worker._hub
    agent, known = load_agent(AGENT), topics.load()
    registry = tools.registry(hub, env="prod")
    base = {"agent": agent, "topics": known, "registry": registry, "brain": "rules", "policy_version": "1"}
    other = tmp_path / "topics.yaml"
    other.write_text(topics.DEFAULT.read_text(encoding="utf-8").replace("[prod,", "[", 1), encoding="utf-8")
    hub.place = "elsewhere:1"
    changes: list[dict[str, object]] = [
        {},
        {"agent": agent.model_copy(update={"prompt": "Be nice."})},
        {"topics": topics.load(other)},
        {"registry": tools.registry(hub, env="prod")},
        {"brain": "llm:x"},
        {"policy_version": "2"},
    ]
    found = {definition_of(**(base | change)) for change in changes}  # type: ignore[arg-type]  # a table of changes
    assert len(found) == len(changes)
