"""The three playbooks against the live shop: each ending says what is true."""

import re
from collections.abc import Callable

import httpx
import pytest
import yaml

from bot.demo.shop import ManualClock, Shop
from bot.demo.shop.faults import ServiceFault, Story
from tests.tools.sources.playing import SKILLS, Play
from tools.contract import Tool
from tools.playbooks.library import SHIPPED, find

CASES = {
    "checkout-5xx": (Story.BAD_FLAG, ["shop.set_flag", "shop.set_throttle"]),
    "reply-dogpile": (Story.DOGPILE, ["shop.apply_friction"]),
    "pipeline-lag": (Story.STUCK_CONSUMER, ["shop.restart_consumer", "shop.backfill"]),
}
PlayAs = Callable[..., Play]


@pytest.fixture
def play(tools: dict[str, Tool], clock: ManualClock) -> PlayAs:
    def play(status: str = "ran", message: str = "", *, only: str = "", **inputs: str) -> Play:
        def answer(tool: str) -> tuple[str, str]:
            return (status, message) if only in {"", tool} else ("ran", "")

        return Play(tools=tools, answer=answer, wait=clock.forward, inputs=inputs)

    return play


@pytest.mark.parametrize("name", CASES)
async def test_a_healthy_shop_is_called_healthy_and_nothing_is_proposed(play: PlayAs, name: str) -> None:
    done = await play().run(name)
    assert done.reasons == []
    assert len(done.said) == 1
    assert re.search(r"healthy|No pile-on|is well", done.said[0])
    assert "Not checked" in done.said[0]


@pytest.mark.parametrize(("strays", "healthy"), [(1, True), (2, True), (12, False)])
async def test_a_stray_error_is_no_fault(play: PlayAs, shop: Shop, strays: int, healthy: bool) -> None:
    """On a quiet day one failed request of the last seconds is five in a hundred."""
    order = next(key for key in shop.world.counters.totals if key.component == "checkout")
    for _ in range(strays):
        shop.world.counters.record(shop.world.at, order, status=503, latency_ms=3000)
    done = await play().run("checkout-5xx")
    assert ("looks healthy" in done.said[0]) is healthy
    assert done.changed == []


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seconds", [20, 90, 400])
async def test_the_cause_is_found_removed_and_seen_to_be_gone(
    play: PlayAs, shop: Shop, clock: ManualClock, name: str, seconds: int
) -> None:
    story, writes = CASES[name]
    shop.world.tell(story, on=True)
    clock.forward(seconds)
    done = await play().run(name)
    expected = writes[:1] if name == "checkout-5xx" and seconds == 20 else writes
    assert done.changed == expected
    answer = done.said[0]
    assert re.match(r"\*\*(checkout is well|The pile-on is slowed|Analytics has all orders)( again)?\*\*", answer)
    assert "It rests on" in answer
    assert "Not checked" in answer
    for reason in done.reasons:
        assert len(reason) < 330, "three lines of a card"
    if name == "checkout-5xx":
        assert re.search(r"[4-9]\d(\.\d)? % of [\d,]+ failed with `new-checkout` on", answer)
        assert re.search(r"trace `[0-9a-f]{16}`", answer)


async def test_a_flag_that_is_already_off_is_not_proposed_again(play: PlayAs, shop: Shop, clock: ManualClock) -> None:
    shop.world.tell(Story.BAD_FLAG, on=True)
    clock.forward(90)
    shop.world.advance(clock())
    shop.world.tell(Story.BAD_FLAG, on=False)
    clock.forward(60)
    done = await play().run("checkout-5xx")
    assert done.reasons == []
    assert "is well now" in done.said[0]
    assert "nothing left to turn off" in done.said[0]


@pytest.mark.parametrize("name", CASES)
async def test_a_rejection_is_answered_to_its_reason_and_changes_nothing(
    play: PlayAs, shop: Shop, clock: ManualClock, name: str
) -> None:
    shop.world.tell(CASES[name][0], on=True)
    clock.forward(90)
    done = await play("rejected", "we are in a change freeze").run(name)
    assert done.said[-1].startswith("Understood, not done: “we are in a change freeze”. ")
    assert "What I would watch instead" in done.said[-1]
    assert shop.world.effects.applied == []
    assert len(done.reasons) == 1


@pytest.mark.parametrize("status", ["denied", "expired", "failed", "cancelled"])
@pytest.mark.parametrize("name", CASES)
async def test_nobody_answering_is_not_called_a_rejection(
    play: PlayAs, shop: Shop, clock: ManualClock, name: str, status: str
) -> None:
    shop.world.tell(CASES[name][0], on=True)
    clock.forward(90)
    done = await play(status, "the message").run(name)
    assert done.said[-1].startswith(f"**Not changed** ({status}: the message)")
    assert shop.world.effects.applied == []


@pytest.mark.parametrize(
    ("name", "tool", "says"),
    [
        ("checkout-5xx", "shop.set_throttle", "Retries of checkout were not limited"),
        ("pipeline-lag", "shop.backfill", "Understood, not done: “later”"),
    ],
)
async def test_a_second_proposal_can_be_rejected_alone(
    play: PlayAs, shop: Shop, clock: ManualClock, name: str, tool: str, says: str
) -> None:
    shop.world.tell(CASES[name][0], on=True)
    clock.forward(120)
    done = await play("rejected", "later", only=tool).run(name)
    assert any(says in said for said in done.said)
    assert done.changed == CASES[name][1][:1]


@pytest.mark.parametrize("name", CASES)
async def test_a_shop_that_does_not_answer_is_not_called_healthy(play: PlayAs, shop: Shop, name: str) -> None:
    shop.world.service_fault = ServiceFault.HTTP_500
    done = await play().run(name)
    assert done.said[0].startswith("I cannot tell")
    assert done.changed == []


async def test_errors_that_no_flag_explains_lead_to_no_proposal(
    play: PlayAs, client: httpx.AsyncClient, shop: Shop, clock: ManualClock
) -> None:
    """Every tenth order fails for everyone: the flag is on for some and splits nothing."""
    shop.world.tell(Story.BAD_FLAG, on=True)
    clock.forward(30)
    play_ = play()
    await client.get("http://127.0.0.1:8090/flags")
    for cells in shop.world.counters._seconds.values():
        for key, cell in cells.items():
            cell.errors = cell.requests // 2 if key.component == "checkout" else 0
    done = await play_.run("checkout-5xx")
    assert "I have not found the cause" in done.said[-1]
    assert done.changed == []


async def test_a_post_can_be_named(play: PlayAs, shop: Shop, clock: ManualClock) -> None:
    shop.world.tell(Story.DOGPILE, on=True)
    clock.forward(60)
    done = await play(post="p-101").run("reply-dogpile")
    assert "No pile-on" in done.said[-1]
    assert "`p-101`" in done.said[-1]


@pytest.mark.parametrize("name", CASES)
def test_a_skill_names_only_tools_there_are_and_its_playbook_only_tools_it_allows(
    tools: dict[str, Tool], name: str
) -> None:
    head = yaml.safe_load((SKILLS / name / "SKILL.md").read_text().split("---")[1])
    allowed = set(head["allowed-tools"].split())
    book = (SKILLS / name / "playbook.yaml").read_text()
    assert head["name"] == name == yaml.safe_load(book)["name"]
    assert allowed <= set(tools)
    assert set(re.findall(r"tool: (shop\.\w+)", book)) <= allowed


def test_the_rules_brain_takes_all_playbooks_and_finds_them_by_the_words_people_use(tools: dict[str, Tool]) -> None:
    books = find([SHIPPED], tools).playbooks().values()
    for request, name in (
        ("checkout is failing, can you look?", "checkout-5xx"),
        ("we see a spike of 5xx errors in search", "checkout-5xx"),
        ("p-105 is being flooded with replies", "reply-dogpile"),
        ("the analytics dashboard is stale, is the pipeline stuck?", "pipeline-lag"),
    ):
        assert max(books, key=lambda book: book.score(request)).name == name
    assert next(book for book in books if book.name == "reply-dogpile").inputs_of("look at p-103") == {"post": "p-103"}
