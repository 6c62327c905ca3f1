"""One Chromium for all browser tests, and a demo of its own for each."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.running import RunningDemo, running_demo
from tests.browser.visitor import Visitor

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[RunningDemo]:
    """A demo whose shop has the fault that the test names (indirectly), else the bad flag."""
    async with running_demo(tmp_path / "demo", fault=getattr(request, "param", "bad_flag")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, demo: RunningDemo) -> AsyncIterator[Visitor]:
    """Ana, in #incidents. At the end no script of the page may have failed."""
    errors: list[str] = []
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    expect.set_options(timeout=15_000)  # a loaded machine takes longer than the five seconds that are usual
    page = await context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    ana = Visitor(page=page, base=demo.slack_url)
    await ana.arrive()
    yield ana
    await context.close()
    assert errors == []
