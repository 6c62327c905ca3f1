"""Pure: what happens in one run, drawn from its seed. The same seed is the same plan, on every machine."""

import random
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.chaos.points import IN_THE_CALL, POINTS


class Engine(StrEnum):
    SQLITE = "sqlite"
    POSTGRES = "postgres"


class Story(StrEnum):
    """What people do in one thread."""

    APPROVE = "approve"
    QUORUM = "quorum"
    """three people, two groups"""
    REJECT = "reject"
    EDIT = "edit"
    UNDO = "undo"
    EXPIRE = "expire"
    RACE = "approve and reject at once"
    STOP = "stop"


RUNS = {Story.APPROVE, Story.QUORUM, Story.EDIT, Story.UNDO}
"""stories whose call is made"""


class Tool(StrEnum):
    """What is called; the first two may never run twice."""

    CREDIT = "till.credit"
    """nothing tells afterwards whether it took: a person must say"""
    CREDIT_SEEN = "till.credit_seen"
    """a check tells when it took"""
    LIMIT = "till.limit"
    """takes our idempotency key, so it may be sent again"""


class FaultKind(StrEnum):
    KILL = "kill -9"
    DISCONNECT = "database gone"
    """PostgreSQL: every backend terminated, or the server restarted; SQLite: somebody else holds the write lock"""
    CLOCK = "clock ±1 h"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong when some replica passes a point for the nth time."""

    kind: FaultKind
    point: str
    nth: int
    amount: int = 0
    """CLOCK: seconds to jump; DISCONNECT: 1 restarts the server"""


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """How badly Slack delivers: shares of all payloads."""

    twice: float = 0.0
    late: float = 0.0
    """held back for up to half a second, so that later ones overtake"""


@dataclass(frozen=True, kw_only=True)
class Thread:
    """One request and what becomes of it."""

    story: Story
    tool: Tool
    amount: int
    number: int
    drops: bool
    """in doubt and it did not happen: leave it, instead of running it"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    seed: int
    engine: Engine
    replicas: int
    threads: tuple[Thread, ...]
    faults: tuple[Fault, ...]
    deliveries: Deliveries
    restart_after: float
    """seconds until a dead replica is started again"""


def plan_of(seed: int) -> Plan:
    """The plan of a seed."""
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    engine = dice.choice(tuple(Engine))
    threads = tuple(_thread(dice, number) for number in range(1, dice.choice((1, 1, 2)) + 1))
    if any(thread.story is Story.EXPIRE for thread in threads):
        threads = (replace(threads[0], story=Story.EXPIRE),)  # its proposals live for a moment, all of that run
    troubled = dice.random() < 0.4
    return Plan(
        seed=seed,
        engine=engine,
        replicas=1 if engine is Engine.SQLITE else dice.choice((2, 3)),
        threads=threads,
        faults=tuple(_with_a_clock_that_comes(f, engine, threads) for f in _faults(dice, threads)),
        deliveries=Deliveries(twice=0.5, late=0.5) if troubled else Deliveries(),
        restart_after=dice.choice((0.0, 0.3, 1.0)),
    )


def _thread(dice: random.Random, number: int) -> Thread:
    story = dice.choices(tuple(Story), weights=(4, 2, 1, 2, 3, 1, 2, 1))[0]
    return Thread(
        story=story,
        tool=dice.choices(tuple(Tool), weights=(4, 2, 2))[0],
        amount=900 if story is Story.QUORUM else 100,
        number=number,
        drops=dice.random() < 0.3,
    )


def _faults(dice: random.Random, threads: tuple[Thread, ...]) -> tuple[Fault, ...]:
    first = _fault(dice, threads)
    if first.point in IN_THE_CALL and dice.random() < 0.4:
        return first, Fault(kind=FaultKind.KILL, point="doubt resolved", nth=1)
    return (first, _fault(dice, threads)) if dice.random() < 0.35 else (first,)


def _with_a_clock_that_comes(fault: Fault, engine: Engine, threads: tuple[Thread, ...]) -> Fault:
    """What waits for a time to come would wait an hour on SQLite, rightly, when its machine's clock is set back."""
    waits = engine is Engine.SQLITE and any(thread.story is Story.EXPIRE for thread in threads)
    return replace(fault, amount=3600) if waits and fault.kind is FaultKind.CLOCK else fault


def _fault(dice: random.Random, threads: tuple[Thread, ...]) -> Fault:
    kind = dice.choices(tuple(FaultKind), weights=(5, 2, 2))[0]
    told = {thread.story for thread in threads}
    points = {point.name: point.times for point in POINTS if not point.story or point.story in told}
    if kind is FaultKind.KILL and told & RUNS:
        points |= dict.fromkeys(IN_THE_CALL, 1)
    names = [*points, *(IN_THE_CALL * 2 if IN_THE_CALL[0] in points else [])]
    point = dice.choice(names)
    amount = 0
    if kind is FaultKind.CLOCK:
        amount = dice.choice((3600, -3600))
    elif kind is FaultKind.DISCONNECT:
        amount = dice.choice((0, 0, 1))
    return Fault(kind=kind, point=point, nth=dice.randint(1, points[point]), amount=amount)
