"""What people may read of others' tasks: nothing of a direct message or a private channel they are not in."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.console.api import Api
from bot.orchestrator import granting
from bot.orchestrator.areas import Areas
from bot.orchestrator.front import Front
from bot.orchestrator.granting import Giving
from bot.orchestrator.requests import Said
from bot.orchestrator.seeing import Seeing
from bot.orchestrator.show import Showroom
from storage import api_tokens, tasks
from storage.records import Task
from tests.builders import TENANT, a_new_task
from tests.orchestrator.office import Office
from tools.playbooks.library import Library

DM, PRIVATE, PUBLIC = "D0ANA", "C0SECRET", "C0INC"


@dataclass
class Rooms:
    """Who is in the channels that are not public."""

    closed: dict[str, set[str]] = field(default_factory=lambda: {DM: {"U0ANA"}, PRIVATE: {"U0ANA", "U0NOOR"}})

    async def open_to(self, tenant: str, channel: str, person: str) -> bool:
        return channel not in self.closed or person in self.closed[channel]


def _seeing(office: Office, rooms: Rooms | None = None) -> Seeing:
    return Seeing(gateway=office.gateway, people=office.staff, channels=rooms or Rooms())


async def _three(office: Office) -> dict[str, Task]:
    """Ana asked in a direct message, in a private channel and in a public one."""
    async with office.db.write() as tx:
        return {
            channel: await tasks.create(
                tx, a_new_task(channel=channel, title=f"about {channel}", thread_ts=f"{number}.1")
            )
            for number, channel in enumerate((DM, PRIVATE, PUBLIC))
        }


def _front(office: Office, seeing: Seeing) -> Front:
    async def nowhere(_task: Task) -> str:
        return ""

    return Front(
        db=office.db,
        seeing=seeing,
        showroom=Showroom(office.db, office.gateway, office.staff, lambda hashed: hashed),
        areas=Areas(library=Library(skills={}, left_out={})),
        agents=(),
        request_url=nowhere,
    )


async def _read(office: Office, seeing: Seeing, person: str, path: str, *scopes: str) -> httpx.Response:
    async with office.db.write() as tx:
        _, text = await api_tokens.mint(
            tx, tenant=TENANT, person=person, name="t", scopes=scopes or ("read",), life=60, by="test"
        )

    async def no_thread(*_asked: str) -> str:
        return ""

    api = Api(orchestrator=office.desk, seeing=seeing, begin_thread=no_thread)
    transport = httpx.ASGITransport(app=Starlette(routes=api.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here/api/v1") as client:
        return await client.get(path, headers={"Authorization": f"Bearer {text}"})


SEEN = [("U0ANA", {DM, PRIVATE, PUBLIC}), ("U0NOOR", {PRIVATE, PUBLIC}), ("U0RILEY", {PUBLIC})]


@pytest.mark.parametrize(("person", "may"), SEEN)
async def test_home_the_command_and_the_api_show_the_same_tasks(office: Office, person: str, may: set[str]) -> None:
    made, seeing = await _three(office), _seeing(office)
    front = _front(office, seeing)
    home = await front.home(TENANT, person)
    titles = {f"about {channel}" for channel in may}
    assert {line.title for line in (*home.my_requests, *home.open_tasks)} == titles
    assert home.requests.total + home.open.total == len(may), "a number says that there is more"
    assert {line.title for line in await front.open_tasks(TENANT, person)} == titles
    for channel, task in made.items():
        answer = await _read(office, seeing, person, f"/tasks/{task.id}")
        assert answer.status_code == (200 if channel in may else 404), (channel, answer.text)
        unknown = await _read(office, seeing, person, "/tasks/t_none")
        assert channel in may or answer.json() == unknown.json(), "it says that it is there"


async def test_a_token_of_an_operator_reads_everything(office: Office) -> None:
    made = await _three(office)
    for task in made.values():
        assert (await _read(office, _seeing(office), "U0RILEY", f"/tasks/{task.id}", "admin:read")).status_code == 200
        assert (await _read(office, _seeing(office), "U0RILEY", f"/tasks/{task.id}", "admin:halt")).status_code == 403


async def test_who_decides_on_a_card_sees_its_task_before_and_after(office: Office) -> None:
    """Wherever it was asked. Riley is in no group: neither the waiting call nor what ran is shown to them."""
    seeing = _seeing(office, Rooms(closed={PUBLIC: set()}))
    front = _front(office, seeing)
    proposal = await office.proposed()

    async def shown(person: str) -> tuple[int, int, int, int]:
        home = await front.home(TENANT, person)
        listed: Any = (await _read(office, seeing, person, "/proposals")).json()["proposals"]
        page = await _read(office, seeing, person, f"/tasks/{proposal.task_id}")
        return len(home.open_tasks), len(home.recent), len(listed), page.status_code

    assert await shown("U0DANA") == (1, 0, 1, 200) and await shown("U0RILEY") == (0, 0, 0, 404)
    await office.approve("U0DANA", proposal)
    await office.work()
    assert await shown("U0DANA") == (0, 1, 0, 200) and await shown("U0RILEY") == (0, 0, 0, 404)


async def test_a_grant_is_listed_for_who_may_take_it_back_or_reads_its_card(office: Office) -> None:
    """Riley is in no group, and was not in the channel it was given in."""
    proposal = await office.proposed(text="set checkout to 7")
    giving = Giving(tenant=TENANT, who="U0DANA", proposal=proposal.id[:12], times=2, minutes=30)
    assert (await granting.give(office.db, office.gateway, office.staff, giving)).said is Said.DONE

    async def shown(person: str, rooms: Rooms) -> int:
        return len((await _front(office, _seeing(office, rooms)).home(TENANT, person)).grants)

    closed = Rooms(closed={PUBLIC: set()})
    assert [await shown(person, closed) for person in ("U0ANA", "U0DANA", "U0RILEY")] == [1, 1, 0]
    assert await shown("U0RILEY", Rooms()) == 1
