"""One task from the terminal, against the sample shop, as a process."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.demo.shop import Shop, create_shop
from bot.demo.shop.faults import Story
from tests.commands.conftest import Spawn


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A shop in trouble, and the command line beside it."""

    shop: Shop
    url: str
    spawn: Spawn

    async def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        shop = {"SHOP_URL": self.url, "SHOP_TOKEN": "made-up"}
        return await asyncio.to_thread(self.spawn, *arguments, **shop, **variables)


@pytest.fixture
async def asking(spawn: Spawn) -> AsyncIterator[Asking]:
    shop = create_shop(token="made-up", warm_minutes=1)
    shop.world.tell(Story("bad_flag"), on=True)
    shop.world.advance(shop.clock() + 400)  # long enough for the errors to be told from noise
    async with shop.serve() as url:
        yield Asking(shop=shop, url=url, spawn=spawn)


QUESTION = "checkout is failing, what is going on?"
NO_SHOP = {"SHOP_URL": "http://127.0.0.1:9", "SHOP_TOKEN": "made-up"}


async def test_a_proposal_is_shown_and_kept_and_nothing_runs(asking: Asking) -> None:
    """Thinking, steps and words come first; the record of it verifies."""
    done = await asking("ask", QUESTION)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout
    assert "✓ Checked error rates of checkout" in lines
    assert "Turn feature flag `new-checkout` off in prod" in lines
    assert "1 of @operators" in lines
    assert "nothing was changed: task t_" in lines
    flag = asking.shop.world.flags.find("new-checkout")
    assert flag is not None
    assert flag.on
    verified = await asking("audit", "verify", "--terminal")
    assert (verified.returncode, verified.stdout.splitlines()[-1]) == (0, "✓ every link holds")


async def test_a_dry_run_ends_and_says_what_would_happen(asking: Asking) -> None:
    done = await asking("ask", "--dry-run", QUESTION)
    assert done.returncode == 0
    assert "previewed with impact analysis: it would ask: 1 of @operators" in " ".join(done.stdout.split())
    assert "waits for people" not in done.stdout


async def test_a_healthy_service_needs_no_proposal(asking: Asking) -> None:
    done = await asking("ask", "search is failing")
    assert done.returncode == 0
    assert "search looks healthy" in done.stdout


def test_who_is_not_in_the_list_of_people_cannot_ask(main: Spawn, tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("people: {ana: [operators]}\n")
    done = main("ask", "--as", "mallory", QUESTION, AUTOPILOT_PEOPLE_FILE=str(people), **NO_SHOP)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("autopilot: 'mallory' is not in ")


def test_a_list_of_people_with_a_mistake_is_one_sentence(main: Spawn, tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("people: [ana]\n")
    done = main("ask", "hello", AUTOPILOT_PEOPLE_FILE=str(people), **NO_SHOP)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert "AUTOPILOT_PEOPLE_FILE" in sentence
