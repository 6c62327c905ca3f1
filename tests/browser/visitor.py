"""Somebody at the demo's page: every move is one a person makes with mouse or keyboard."""

from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Locator, Page, ViewportSize, expect

ANA, DANA, SAM, NOOR, KIM, RILEY = "U0ANA", "U0DANA", "U0SAM", "U0NOOR", "U0KIM", "U0RILEY"
INCIDENTS, OPS = "C0INCIDENTS", "C0OPS"
SCREENS = Path(__file__).parents[2] / ".artifacts" / "screens"
PHONE: ViewportSize = {"width": 400, "height": 800}
ASK = "@autopilot checkout is failing, what is going on?"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """The page, and what to look at on it."""

    page: Page
    base: str

    @property
    def thread(self) -> Locator:
        return self.page.locator("#thread")

    def card(self, line: str = "") -> Locator:
        """The newest card of the open thread whose first line says this."""
        head = self.page.locator("[data-block=section]:first-child", has_text=line)
        return self.thread.locator("article:has([data-block-id='proposal.buttons'])").filter(has=head).last

    async def arrive(self, who: str = ANA, channel: str = INCIDENTS) -> None:
        await self.page.goto(f"{self.base}/?as={who}#/{channel}")
        await self.page.locator(f"[data-act-as={who}]").wait_for()
        await expect(self.page.locator("#panes")).not_to_have_attribute("inert", "")

    async def say(self, words: str, *, box: str = "composer") -> None:
        await self.page.locator(f"#{box}").fill(words)
        await self.page.locator(f"[data-send={box}]").click()

    async def be(self, who: str) -> None:
        """Act as someone else, through the menu in the corner."""
        await self.page.locator("[data-act-as]").click()
        await self.page.locator(f"[data-person={who}]").click()
        await self.page.locator(f"[data-act-as={who}]").wait_for()
        await expect(self.page.locator("#panes")).not_to_have_attribute("inert", "")

    async def go(self, channel: str) -> None:
        await self.page.locator(f"#sidebar [data-channel='{channel}']").click()

    async def press(self, action: str, card: Locator) -> None:
        await card.locator(f"[data-action-id='proposal.{action}']").click()

    async def choose(self, entry: str, card: Locator) -> None:
        """An entry of a card's More menu."""
        await self.press("more", card)
        await self.page.locator(".menu").get_by_text(entry).click()

    async def read_direct_messages(self) -> Locator:
        """The bot's newest card in one's own direct messages."""
        await self.page.locator("#sidebar a", has_text="autopilot").click()
        await self.page.locator("[data-tab=messages]").click()
        return self.page.locator("#main article:has([data-block-id='proposal.buttons'])").last

    async def agree(self) -> None:
        """Say yes to the "are you sure?" dialog."""
        await self.page.locator("[data-confirm=yes]").click()

    async def is_told(self, words: str) -> None:
        """Words only this person sees."""
        await expect(self.thread.locator("[data-ephemeral]").last).to_contain_text(words, timeout=10_000)

    async def hears(self, words: str, *, seconds: float = 30) -> None:
        """Words anywhere in the open thread."""
        await expect(self.thread).to_contain_text(words, timeout=seconds * 1000)

    async def shoot(self, name: str, *, in_all_lights: bool = False) -> None:
        """A picture of the page as it is, for people to look at; or three: by day, by night, as narrow as a phone."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENS / f"{name}.png")
        if not in_all_lights:
            return
        await self.page.emulate_media(color_scheme="dark")
        await self.page.screenshot(path=SCREENS / f"{name}-dark.png")
        await self.page.emulate_media(color_scheme="light")
        size = self.page.viewport_size
        assert size is not None
        await self.page.set_viewport_size(PHONE)
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        await self.page.screenshot(path=SCREENS / f"{name}-narrow.png")
        await self.page.set_viewport_size(size)
