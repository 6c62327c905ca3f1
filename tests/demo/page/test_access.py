"""Everyone can read it and reach it: contrast, names, landmarks, both colour schemes."""

import pytest

from tests.demo.page.canned import ANA, BOT, INCIDENTS, NOON, Canned, a_message
from tests.demo.page.conftest import Open
from tests.demo.page.every_block import every_block

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Every piece of text that is drawn with less than 4.5 against what is painted behind it.
FAINT = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const over = (colors) => {
    paint.clearRect(0, 0, 1, 1);
    for (const color of colors) { paint.fillStyle = color; paint.fillRect(0, 0, 1, 1); }
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    const exempt = node.closest(".unseen, .skip, option, :disabled");
    if (!text || exempt || !node.checkVisibility({ visibilityProperty: true })) continue;
    const behind = [];
    for (let up = node; up; up = up.parentElement) behind.unshift(getComputedStyle(up).backgroundColor);
    const [ground, ink] = [light(over(behind)), light(over([...behind, getComputedStyle(node).color]))];
    const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
    if (ratio < 4.5) faint.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)} ${text.slice(0, 30)}`);
  }
  return [...faint];
}"""

NAMELESS = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim() || node.closest("label")))
  .map((node) => node.outerHTML)"""


def furnish(canned: Canned) -> str:
    """A busy channel; the address of its thread."""
    root = a_message(1, f"<@{BOT}> *help* `now` <https://a.example/|link>", user=ANA, reply_count=1)
    stream = {
        "text": "x",
        "plan_title": "Plan",
        "display_mode": "plan",
        "tasks": [
            {"id": word, "title": word, "status": word, "details": "d", "output": "o", "sources": []}
            for word in ("pending", "in_progress", "complete", "error")
        ],
        "parts": [{"type": "text", "text": "A `code` [link](https://a.example)\n\n> quote"}],
    }
    canned.put(
        INCIDENTS,
        root,
        a_message(2, "", user=BOT, bot_id="B0", thread_ts=root["ts"], streaming=True, stream=stream),
        a_message(3, "only you", ephemeral_for=ANA),
        a_message(4, "", user=BOT, bot_id="B0", blocks=every_block("words")),
        *(
            a_message(
                5 + i, "", user=BOT, bot_id="B0", blocks=[{"type": "alert", "level": level, "text": "`see` this"}]
            )
            for i, level in enumerate(("info", "warning", "error", "success"))
        ),
    )
    canned.status[INCIDENTS, root["ts"]] = {"status": "suspended", "title": "Help"}
    canned.connected = False
    return f"#/{INCIDENTS}/thread/{NOON + 1}.000000"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_text_is_readable_and_every_control_has_a_name(canned: Canned, open_page: Open, theme: str) -> None:
    page = await open_page(furnish(canned))
    if theme == "dark":
        await page.locator("[data-theme=toggle]").click()
    await page.locator("#thread [data-stream]").wait_for()
    assert await page.locator("html").get_attribute("data-theme") == theme
    await page.locator("#main article").last.wait_for()
    assert await page.evaluate(FAINT) == []
    assert await page.evaluate(NAMELESS) == []
    canned.push({"type": "view", "user": ANA, "view": {"id": "V", "title": "t", "blocks": every_block("words")}})
    await page.get_by_role("dialog").wait_for()
    assert await page.evaluate(NAMELESS) == []


async def test_landmarks_and_live_regions_are_there(canned: Canned, open_page: Open) -> None:
    page = await open_page(furnish(canned))
    await page.locator("#thread [data-stream]").wait_for()
    for role in ("banner", "navigation", "main", "complementary"):
        assert await page.get_by_role(role).count() >= 1, role
    log = page.locator("#thread [role=log]")
    assert await log.get_attribute("aria-live") == "polite"
    assert await page.evaluate("document.getAnimations().length") == 0
