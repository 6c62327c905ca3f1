"""One Chromium and one canned server for all page tests; a fresh tab and fresh data for each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.demo.page.canned import Canned, Stage

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    expect.set_options(timeout=15_000)  # a loaded machine takes longer than the five seconds that are usual
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def served() -> AsyncIterator[tuple[Stage, str]]:
    """The canned server and its address."""
    stage = Stage()
    config = uvicorn.Config(stage.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    running = asyncio.create_task(server.serve(sockets=[socket]))
    yield stage, f"http://127.0.0.1:{socket.getsockname()[1]}"
    stage.canned.hang_up()
    server.should_exit = True
    await running
    socket.close()


@pytest.fixture
def canned(served: tuple[Stage, str]) -> Canned:
    """What the server will tell this test's page; everything before is forgotten."""
    stage, _ = served
    stage.canned.hang_up()
    stage.canned = Canned()
    return stage.canned


async def _new(browser: Browser) -> BrowserContext:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(5_000)
    return context


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await _new(browser)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def kept(browser: Browser, served: tuple[Stage, str]) -> AsyncIterator[Page]:
    """A tab beside the pages under test: it keeps their process and the browser's cache, which take half a second."""
    context = await _new(browser)
    page = await context.new_page()
    await page.goto(f"{served[1]}/static/icon.svg")
    yield page
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(kept: Page, served: tuple[Stage, str], canned: Canned) -> AsyncIterator[Open]:
    """Opens the page at an address; at the end of the test no script error may have happened."""
    errors: list[str] = []
    _, base = served
    context = kept.context
    await kept.evaluate("localStorage.clear()")
    await context.clear_cookies()

    async def opened(address: str = "") -> Page:
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        await page.goto(f"{base}/{address}")
        await page.locator("[data-act-as]").wait_for()
        await expect(page.locator("#panes")).not_to_have_attribute("inert", "")  # it has read what was there
        return page

    yield opened
    for page in context.pages:
        if page is not kept:
            await page.close()
    assert errors == []
