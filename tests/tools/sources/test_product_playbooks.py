"""The playbooks of safety, support and growth against the live shop: each ending says what is true."""

import re
from collections.abc import Callable

import pytest
import yaml

from bot.demo.shop import ManualClock, Shop
from bot.demo.shop.faults import ServiceFault, Story
from tests.tools.sources.playing import SKILLS, Play
from tools.contract import Tool
from tools.playbooks.library import SHIPPED, find

CASES = {
    "content-report": (Story.SCAM, ["product.remove_content", "product.ban_user"], {}),
    "login-help": (Story.LOCKED_OUT, ["product.send_reset_link", "product.revoke_sessions"], {"user": "a-17"}),
    "weak-window": (Story.WEAK_WINDOW, ["product.plan_campaign"], {}),
}
PlayAs = Callable[..., Play]


@pytest.fixture
def play(product: dict[str, Tool], clock: ManualClock) -> PlayAs:
    def play(name: str, status: str = "ran", message: str = "", **inputs: str) -> Play:
        def answer(tool: str) -> tuple[str, str]:
            return status, message

        return Play(tools=product, answer=answer, wait=clock.forward, inputs={**CASES[name][2], **inputs})

    return play


@pytest.mark.parametrize("name", CASES)
async def test_where_nothing_is_wrong_nothing_is_proposed(play: PlayAs, shop: Shop, name: str) -> None:
    done = await play(name).run(name)
    assert done.reasons == []
    assert re.search(r"is well|work\*\*", done.said[0])
    assert "Not checked" in done.said[0]
    assert shop.world.effects.applied == []


@pytest.mark.parametrize("name", CASES)
async def test_the_cause_is_found_and_acted_on(play: PlayAs, shop: Shop, clock: ManualClock, name: str) -> None:
    story, writes, _ = CASES[name]
    shop.world.tell(story, on=True)
    clock.forward(60)
    done = await play(name).run(name)
    assert done.changed == writes
    assert "It rests on" in done.said[-1]
    assert "Not checked" in done.said[-1]
    for reason in done.reasons:
        assert len(reason) < 330, "three lines of a card"


async def test_the_member_is_really_in_again(play: PlayAs, shop: Shop, clock: ManualClock) -> None:
    shop.world.tell(Story.LOCKED_OUT, on=True)
    clock.forward(60)
    await play("login-help").run("login-help")
    clock.forward(10)
    shop.world.advance(clock())
    member = shop.world.members.find("a-17")
    assert member is not None
    assert {session.country for session in member.sessions} == {"DE"}


@pytest.mark.parametrize("status", ["rejected", "denied", "expired", "failed"])
@pytest.mark.parametrize("name", CASES)
async def test_a_change_that_did_not_run_is_not_said_to_have_run(
    play: PlayAs, shop: Shop, clock: ManualClock, name: str, status: str
) -> None:
    shop.world.tell(CASES[name][0], on=True)
    clock.forward(60)
    done = await play(name, status, "not today").run(name)
    assert re.match(r"\*\*(Not removed|Not helped yet|No campaign planned)\*\*", done.said[-1])
    assert status in done.said[-1]
    assert "not today" in done.said[-1]
    assert shop.world.effects.applied == []


@pytest.mark.parametrize("name", CASES)
async def test_a_product_that_does_not_answer_is_not_called_well(play: PlayAs, shop: Shop, name: str) -> None:
    shop.world.service_fault = ServiceFault.HTTP_500
    done = await play(name).run(name)
    assert done.said[0].startswith("I cannot tell")
    assert done.changed == []


async def test_no_campaign_is_proposed_for_a_shop_that_is_down(play: PlayAs, shop: Shop, clock: ManualClock) -> None:
    shop.world.tell(Story.WEAK_WINDOW, on=True)
    shop.world.tell(Story.BAD_FLAG, on=True)
    clock.forward(90)
    done = await play("weak-window").run("weak-window")
    assert "but I propose no campaign" in done.said[-1]
    assert "checkout" in done.said[-1]
    assert done.reasons == []


@pytest.mark.parametrize("content", ["c-202", "c-203"])
async def test_what_is_only_rude_or_not_reported_is_left_to_people(play: PlayAs, shop: Shop, content: str) -> None:
    shop.world.tell(Story.SCAM, on=True)
    done = await play("content-report", content=content).run("content-report")
    assert "A person should read it" in done.said[-1]
    assert done.reasons == []


async def test_without_a_member_it_asks_for_one(play: PlayAs) -> None:
    done = await play("login-help", user="").run("login-help")
    assert done.said == ["Which member? Give me the id, like `a-17`; I do not look people up by name or address."]


@pytest.mark.parametrize("name", CASES)
def test_a_skill_names_only_tools_there_are_and_its_playbook_only_tools_it_allows(
    product: dict[str, Tool], name: str
) -> None:
    head = yaml.safe_load((SKILLS / name / "SKILL.md").read_text().split("---")[1])
    allowed = set(head["allowed-tools"].split())
    book = (SKILLS / name / "playbook.yaml").read_text()
    assert head["name"] == name == yaml.safe_load(book)["name"]
    assert allowed <= set(product)
    assert set(re.findall(r"tool: (product\.\w+)", book)) <= allowed


def test_each_request_finds_its_playbook(product: dict[str, Tool], tools: dict[str, Tool]) -> None:
    books = find([SHIPPED], {**product, **tools}).playbooks().values()
    for request, name in (
        ("checkout is failing, what is going on?", "checkout-5xx"),
        ("a reply was reported as a scam, can you look?", "content-report"),
        ("member a-17 cannot login, can you help?", "login-help"),
        ("a customer is locked out of the account a-17", "login-help"),
        ("which window underperforms, and what would help?", "weak-window"),
        ("is the analytics pipeline behind?", "pipeline-lag"),
        ("there is a burst of replies on a post, is it a dogpile?", "reply-dogpile"),
    ):
        assert max(books, key=lambda book: book.score(request)).name == name, request
