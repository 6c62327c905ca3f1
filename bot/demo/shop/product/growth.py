"""How well each window of the day sells, and the notification campaigns that are planned for them."""

from dataclasses import dataclass

WINDOWS = tuple(f"{hour:02d}:00-{hour + 2:02d}:00" for hour in range(8, 22, 2))
USUAL_ORDERS = dict(zip(WINDOWS, (310, 420, 560, 480, 610, 890, 700), strict=True))
WEAK = "18:00-20:00"
WEAK_SHARE = 0.62
AUDIENCES = {"lapsed": 3_100, "express": 1_920, "everyone": 16_000}
TEMPLATES = ("weekend-deals", "back-in-stock", "free-returns")


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A notification that is planned and not yet sent."""

    id: str
    audience: str
    window: str
    template: str


class Growth:
    """Orders by window of yesterday against the four weeks before, and planned campaigns."""

    def __init__(self) -> None:
        self.weak = False
        self.campaigns: dict[str, Campaign] = {}

    def orders(self, window: str) -> int:
        """Orders of yesterday in this window."""
        usual = USUAL_ORDERS[window]
        return round(usual * WEAK_SHARE) if self.weak and window == WEAK else round(usual * 1.01)

    def campaign_id(self, window: str, audience: str) -> str:
        """One campaign for each window and audience."""
        return f"cp-{window[:2]}-{audience}"

    def put(self, campaign: Campaign) -> None:
        self.campaigns[campaign.id] = campaign

    def drop(self, campaign_id: str) -> None:
        self.campaigns.pop(campaign_id, None)
