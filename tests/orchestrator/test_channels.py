"""What admins set for a channel: switched off, how much at once, how far it may go. Both engines."""

from dataclasses import replace
from itertools import pairwise

from bot.orchestrator import preferences
from bot.orchestrator.preferences import Admins, Confirm, NotAllowed, Saved, Wanted, WrongAgent
from bot.orchestrator.requests import Request
from storage import audit, channels, posts, tasks
from storage.channels import ChannelSettings, InForce, Mode, over
from storage.records import Post, Source, Task
from storage.tables import posts as post_table
from storage.tables import tasks as task_table
from tests.builders import TENANT
from tests.orchestrator.office import Office


def _asked(number: int, *, channel: str = "C0INC", source: Source = Source.MENTION) -> Request:
    return Request(
        tenant=TENANT,
        source=source,
        channel=channel,
        thread_ts=f"{number}.0",
        request_ts=f"{number}.0",
        requester="U0ANA",
        requester_team=TENANT,
        text=f"what about {number}?",
        keys=(f"event:{channel}:{number}",),
    )


async def _put(office: Office, channel: str, settings: ChannelSettings) -> None:
    async with office.db.write() as tx:
        await channels.put(tx, TENANT, channel, settings, by="U0DANA")


async def _notices(office: Office) -> list[Post]:
    async with office.db.read() as tx:
        rows = (await tx.run(post_table.select().where(post_table.c.kind == "notice"))).all()
        return [posts.record(row) for row in rows]


async def _submit(office: Office, count: int, per_minute: int, **asked: object) -> list[Task]:
    desk = replace(office.desk, per_minute=per_minute)
    done = [await desk.submit(_asked(n, **asked)) for n in range(count)]  # type: ignore[arg-type]
    return [task for task in done if task is not None]


def test_a_channels_own_settings_beat_the_workspaces() -> None:
    workspace = ChannelSettings(per_minute=3, local_only=True, mode=Mode.BOTS)
    assert over(ChannelSettings(per_minute=5, local_only=False), workspace) == InForce(
        per_minute=5, local_only=False, mode=Mode.BOTS
    )


async def test_a_channel_that_is_switched_off_says_so_and_starts_nothing(office: Office) -> None:
    await _put(office, "C0INC", ChannelSettings(enabled=False))
    assert await office.desk.submit(_asked(1)) is None
    [notice] = await _notices(office)
    assert (notice.thread_ts, "switched off" in str(notice.body["text"])) == ("1.0", True)
    assert await office.desk.submit(_asked(1, channel="C0OTHER")) is not None


async def test_what_is_not_said_to_the_bot_is_not_answered_where_it_is_off(office: Office) -> None:
    await _put(office, channels.WORKSPACE, ChannelSettings(enabled=False))
    assert await office.desk.submit(_asked(1, source=Source.AUTO)) is None
    assert await _notices(office) == []


async def test_too_much_at_once_waits_its_turn_and_is_told_once(office: Office) -> None:
    """Of seven requests three begin at once; the other four are kept, each later than the one before; one notice."""
    made = await _submit(office, 7, per_minute=3)
    assert len(made) == 7
    async with office.db.write() as tx:
        began = await tasks.claim(tx, owner="w", lease=60, limit=20)
        rows = (await tx.run(task_table.select().order_by(task_table.c.due_at))).all()
        at = await tx.time()
    assert {t.id for t in began} == {t.id for t in made[:3]}
    waits = [row.due_at - at for row in rows if row.due_at > at]
    assert len(waits) == 4
    assert 50 < waits[0] <= 60
    assert [round(b - a) for a, b in pairwise(waits)] == [20, 20, 20]
    [notice] = await _notices(office)
    assert "at most 3 requests a minute" in str(notice.body["text"])


async def test_a_flood_waits_its_turn_however_long_that_is(office: Office) -> None:
    """Hundreds in a minute: each is kept and has a turn of its own, also those whose turn is hours away."""
    made = await _submit(office, 60, per_minute=1)
    assert len(made) == 60
    async with office.db.write() as tx:
        rows = (await tx.run(task_table.select().order_by(task_table.c.due_at))).all()
        began = await tasks.claim(tx, owner="w", lease=60, limit=1_000)
    assert [t.id for t in began] == [made[0].id]
    assert {round(b.due_at - a.due_at) for a, b in pairwise(rows[1:])} == {60}
    assert len(await _notices(office)) == 1


async def test_another_channel_is_not_slowed(office: Office) -> None:
    await _submit(office, 4, per_minute=3)
    await _submit(office, 3, per_minute=3, channel="C0OTHER")
    async with office.db.write() as tx:
        began = await tasks.claim(tx, owner="w", lease=60, limit=20)
    assert [t.channel for t in began].count("C0OTHER") == 3


async def test_the_channels_own_limit_beats_the_installations(office: Office) -> None:
    await _put(office, "C0INC", ChannelSettings(per_minute=1))
    await _submit(office, 2, per_minute=100)
    async with office.db.write() as tx:
        assert len(await tasks.claim(tx, owner="w", lease=60, limit=20)) == 1


async def test_a_channels_cap_reaches_the_rules(office: Office) -> None:
    await _put(office, "C0INC", ChannelSettings(autonomy=0))
    gateway = office.desk.gateway
    assert (await gateway.place(TENANT, "C0INC")).max_autonomy == 0
    assert (await gateway.place(TENANT, "C0OTHER")).max_autonomy == 4


async def test_what_is_put_off_is_on_the_record(office: Office) -> None:
    made = await _submit(office, 2, per_minute=1)
    async with office.db.read() as tx:
        found = await audit.entries(tx, TENANT, task_id=made[1].id)
    assert [e.event for e in found] == ["ops.agent_task.created", "ops.agent_task.put_off"]


async def test_only_admins_change_settings_and_are_asked_about_danger(office: Office) -> None:
    office.staff.groups["U0DANA"].add("sre-leads")
    admins = Admins(people=office.staff, groups=("sre-leads",))
    freer = ChannelSettings(autonomy=3)
    await _put(office, "C0INC", ChannelSettings(autonomy=1))

    async def change(who: str, *, confirmed: bool) -> Saved | NotAllowed | Confirm | WrongAgent:
        wanted = Wanted(tenant=TENANT, channel="C0INC", who=who, settings=freer, confirmed=confirmed)
        return await preferences.change(office.db, admins, office.desk.agents, wanted)

    assert await change("U0RILEY", confirmed=True) == NotAllowed()
    assert isinstance(await change("U0DANA", confirmed=False), Confirm)
    async with office.db.read() as tx:
        assert (await channels.in_force(tx, TENANT, "C0INC")).autonomy == 1
    assert isinstance(await change("U0DANA", confirmed=True), Saved)
    async with office.db.read() as tx:
        assert (await channels.in_force(tx, TENANT, "C0INC")).autonomy == 3
