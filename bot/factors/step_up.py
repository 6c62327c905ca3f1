"""How approvers prove a second factor here: signed links to the console, codes of an app, an OIDC provider."""

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.factors.keys import SHORTEST, Keys, split
from bot.factors.oidc import Oidc
from storage.step_ups import StepUpLink

LIFE = 300.0
"""seconds a link can be used"""
_HERE = ("127.0.0.1", "::1", "localhost")


class BadStepUp(Exception):
    """The settings do not fit; the message names the variable and what to do."""


@dataclass(frozen=True, kw_only=True)
class StepUps:
    """The means of this installation."""

    keys: Keys
    console: str
    """address under which people open the console, without a slash at the end"""
    oidc: Oidc | None = None

    def token(self, link: StepUpLink) -> str:
        """What an address carries: the link's id, and a signature over all that it is for."""
        return f"{link.id}.{self.keys.sign('link', *_parts(link))}"

    def url(self, link: StepUpLink) -> str:
        return f"{self.console}/step-up/{self.token(link)}"

    def signed(self, token: str, link: StepUpLink) -> bool:
        """Whether this token is of this link, whose row is as it was when it was signed, with a key we still read."""
        given = token.encode("utf-8", "replace")
        of_link = [f"{link.id}.{one}".encode() for one in self.keys.signatures("link", *_parts(link))]
        return any([hmac.compare_digest(given, one) for one in of_link])

    @property
    def origin(self) -> str:
        """Where our own pages send their forms from, as a browser says it."""
        parts = urlsplit(self.console)
        return f"{parts.scheme}://{parts.netloc}"


def _parts(link: StepUpLink) -> tuple[str, ...]:
    return (link.id, link.tenant, link.proposal_id, link.person, f"{link.expires_at:.3f}")


def read(key: str, console: str, oidc: Oidc | None) -> StepUps:
    """The means, when the settings are fit for them.

    Raises:
        BadStepUp: the key is short, or the console's address would carry codes in the clear.
    """
    for one in split(key):
        if len(one) < SHORTEST:
            why = f"a key in AUTOPILOT_STEP_UP_KEY has {len(one)} characters"
            raise BadStepUp(f"{why}; use what 'autopilot approvers key' prints, several separated by commas")
    parts = urlsplit(console)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise BadStepUp("AUTOPILOT_CONSOLE_URL must begin with https:// before a second factor can be proven there")
    return StepUps(keys=Keys(key), console=console.rstrip("/"), oidc=oidc)
