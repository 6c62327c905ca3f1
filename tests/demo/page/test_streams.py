"""Live streams: the text grows in place, tasks change their marks, Stop stops."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.demo.page.canned import ANA, BOT, INCIDENTS, NOON, Canned, Message, a_message
from tests.demo.page.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ROOT = f"{NOON + 1}.000000"


def a_stream(text: str, *tasks: dict[str, Any], live: bool = True, **more: Any) -> Message:
    parts = [*({"type": "task", "id": task["id"]} for task in tasks), {"type": "text", "text": text}]
    stream = {"text": text, "tasks": list(tasks), "plan_title": None, "display_mode": "timeline", "parts": parts}
    return a_message(2, text, user=BOT, bot_id="B0", thread_ts=ROOT, streaming=live, stream=stream, **more)


def a_task(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "t1", "title": "Look at the errors", "status": status, "details": "5xx", "output": None, **more}


async def test_the_first_answer_opens_its_thread_and_grows_in_place(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "help", user=ANA))
    page = await open_page()
    canned.say(INCIDENTS, a_stream("**One** finding", a_task("in_progress")))
    live = page.locator("#thread [data-stream]")
    await expect(live.locator("strong")).to_have_text("One")
    await expect(page.locator("#composer")).to_be_focused()
    await expect(live).to_have_attribute("aria-busy", "true")
    await live.evaluate("node => { node.kept = true; }")
    canned.say(
        INCIDENTS, a_stream("**One** finding\n\n| a | b |\n|---|---|\n| 1 | 2 |", a_task("complete"), live=False)
    )
    await expect(live.locator("td")).to_have_text(["1", "2"])
    await expect(live).to_have_attribute("aria-busy", "false")
    assert await live.evaluate("node => node.kept") is True


async def test_an_unfolded_task_stays_unfolded_while_it_changes(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "help", user=ANA), a_stream("…", a_task("in_progress")))
    page = await open_page(f"#/{INCIDENTS}/thread/{ROOT}")
    task = page.locator("#thread [data-task-id=t1]")
    await expect(task.get_by_role("img")).to_have_attribute("aria-label", "in progress")
    await task.locator("summary").click()
    await expect(task.get_by_text("5xx")).to_be_visible()
    canned.say(
        INCIDENTS,
        a_stream("…", a_task("error", output="timed out", sources=[{"url": "http://x.example/", "text": "log"}])),
    )
    await expect(task).to_have_attribute("data-status", "error")
    await expect(task.get_by_text("timed out")).to_be_visible()
    await expect(task.get_by_role("link", name="log")).to_have_attribute("href", "http://x.example/")


async def test_blocks_of_a_finished_stream_stand_below_its_text(canned: Canned, open_page: Open) -> None:
    header = {"type": "header", "text": {"type": "plain_text", "text": "Roll back?"}}
    canned.put(INCIDENTS, a_message(1, "help", user=ANA), a_stream("done", live=False, blocks=[header]))
    page = await open_page(f"#/{INCIDENTS}/thread/{ROOT}")
    await expect(page.locator("#thread [data-block=header]")).to_have_text("Roll back?")


async def test_stop_is_offered_while_it_works_and_waiting_is_said_after(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "help", user=ANA))
    canned.status[INCIDENTS, ROOT] = {"status": "processing", "title": "Checkout"}
    page = await open_page(f"#/{INCIDENTS}/thread/{ROOT}")
    line = page.locator("#thread [data-status]").last
    await expect(line).to_contain_text("autopilot is working…")
    await page.locator("#thread [data-stop]").click()
    assert await canned.said("stop") == {"as": ANA, "channel": INCIDENTS, "thread_ts": ROOT}
    canned.push({"type": "status", "channel": INCIDENTS, "thread_ts": ROOT, "status": "suspended", "title": ""})
    await expect(line).to_contain_text("waiting for approval")
    await expect(page.locator("#thread [data-stop]")).to_have_count(0)
    await expect(page.locator(f"#main a[data-thread='{ROOT}']")).to_contain_text("waiting for approval")
    canned.push({"type": "status", "channel": INCIDENTS, "thread_ts": ROOT, "status": "active", "title": ""})
    await expect(line).to_be_hidden()


async def test_growing_text_leaves_the_readers_focus_alone(canned: Canned, open_page: Open) -> None:
    canned.put(INCIDENTS, a_message(1, "help", user=ANA), a_stream("one", a_task("in_progress")))
    page = await open_page(f"#/{INCIDENTS}/thread/{ROOT}")
    summary = page.locator("#thread [data-task-id=t1] summary")
    await summary.focus()
    canned.say(INCIDENTS, a_stream("one two", a_task("in_progress")))
    await expect(page.locator("#thread .stream-text")).to_have_text("one two")
    await expect(summary).to_be_focused()


@pytest.mark.parametrize(
    ("so_far", "shown"),
    [
        ("see [diff](https://a.exa", "see diff"),
        ("see [di", "see di"),
        ("is **very", "is very"),
        ("is **", "is"),
        ("run `kubectl ro", "run kubectl ro"),
        ("2 * 3", "2 * 3"),
    ],
)
async def test_half_a_mark_does_not_flash_by_but_stays_once_it_is_final(
    canned: Canned, open_page: Open, so_far: str, shown: str
) -> None:
    canned.put(INCIDENTS, a_message(1, "help", user=ANA), a_stream(so_far))
    page = await open_page(f"#/{INCIDENTS}/thread/{ROOT}")
    text = page.locator("#thread .stream-text")
    await expect(text).to_have_text(shown)
    canned.say(INCIDENTS, a_stream(so_far, live=False))
    await expect(text).to_have_text(so_far)
