"""Who installed the app where, and with which tokens: codes, rotation, revoking, uninstalling."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Workspace

CODE_LIFE = 600.0
"""seconds; a code works once"""
TOKEN_LIFE = 43_200
"""seconds a bot token lives when the app rotates tokens"""


@dataclass(kw_only=True, eq=False)
class Install:
    """The app in one workspace, or in every workspace of an organisation."""

    workspace: Workspace
    """where somebody pressed Allow"""
    by: str
    scopes: frozenset[str]
    tell: Callable[[Json, str], None]
    """sends an event of this workspace to the app"""
    is_org: bool = False
    alive: bool = True
    reach: Callable[[], Sequence[Workspace]] = tuple
    """every workspace there is"""
    without: set[str] = field(default_factory=set)
    """workspaces of the organisation that took the app away"""

    @property
    def key(self) -> str:
        return self.workspace.enterprise_id if self.is_org else self.workspace.team_id

    def covers(self, workspace: Workspace) -> bool:
        if self.is_org:
            here = workspace.team_id not in self.without
            return here and workspace.enterprise_id == self.workspace.enterprise_id
        return workspace.team_id == self.workspace.team_id


@dataclass(kw_only=True)
class _Token:
    install: Install
    expires_at: float | None
    revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What an app gets for a code or a refresh token."""

    install: Install
    token: str
    refresh_token: str = ""
    expires_in: int | None = None


@dataclass
class Installs:
    now: Callable[[], float]
    rotates: bool
    life: float = TOKEN_LIFE
    _codes: dict[str, tuple[Install, str, float]] = field(default_factory=dict)
    _tokens: dict[str, _Token] = field(default_factory=dict)
    _refresh: dict[str, Install] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(2))

    def preset(self, token: str, install: Install) -> None:
        """The token of an app that was installed from its own page: it never expires."""
        self._tokens[token] = _Token(install=install, expires_at=None)

    def of(self, workspace: Workspace) -> Install | None:
        """The living installation that this workspace's events go to; its own comes before the organisation's."""
        found = {t.install.key: t.install for t in self._tokens.values() if t.install.alive and not t.revoked}
        whole = found.get(workspace.enterprise_id) if workspace.enterprise_id else None
        return found.get(workspace.team_id) or (whole if whole is not None and whole.covers(workspace) else None)

    def code(self, install: Install, redirect_uri: str) -> str:
        """What the browser carries back to the app."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = (install, redirect_uri, self.now())
        return code

    def exchange(self, code: str, redirect_uri: str | None) -> Granted:
        """Raises: Refused `invalid_code`, `code_already_used` or `bad_redirect_uri`."""
        install, wanted, made_at = self._codes.get(code) or _refuse("invalid_code")
        if made_at < 0:
            raise Refused("code_already_used")
        if self.now() - made_at > CODE_LIFE:
            raise Refused("invalid_code")
        if redirect_uri is not None and redirect_uri != wanted:
            raise Refused("bad_redirect_uri")
        self._codes[code] = (install, wanted, -1.0)
        return self._grant(install)

    def refresh(self, refresh_token: str) -> Granted:
        """A new pair; the refresh token is spent, the access token it came with lives to its end.

        Raises: Refused `invalid_refresh_token`.
        """
        install = self._refresh.pop(refresh_token, None)
        if install is None or not install.alive:
            raise Refused("invalid_refresh_token")
        return self._grant(install)

    def find(self, token: str) -> Install:
        """Raises: Refused `invalid_auth`, `account_inactive`, `token_revoked` or `token_expired`."""
        found = self._tokens.get(token)
        if found is None:
            raise Refused("invalid_auth")
        if not found.install.alive:
            raise Refused("account_inactive")
        if found.revoked:
            raise Refused("token_revoked")
        if found.expires_at is not None and self.now() >= found.expires_at:
            raise Refused("token_expired")
        return found.install

    def revoke(self, token: str) -> None:
        """End one token; the app hears of it."""
        install = self.find(token)
        self._tokens[token].revoked = True
        bot = install.workspace.bot_user
        install.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}}, "tokens_revoked")

    def uninstall(self, install: Install) -> None:
        """Take the app away: its tokens are dead, and it hears of both."""
        install.alive = False
        for one in self._tokens.values():
            if one.install.key == install.key:
                one.install.alive = False
        bot = install.workspace.bot_user
        install.tell({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [bot]}}, "tokens_revoked")
        install.tell({"type": "app_uninstalled"}, "app_uninstalled")

    def take_from(self, install: Install, *teams: str) -> None:
        """Take an organisation's app from some of its workspaces; its token lives on for the others."""
        install.without.update(teams)
        install.tell({"type": "team_access_revoked", "team_ids": [*teams]}, "team_access_revoked")

    def _grant(self, install: Install) -> Granted:
        number, secret = next(self._numbers), secrets.token_hex(12)
        prefix = "xoxe.xoxb-1-" if self.rotates else "xoxb-"
        token = f"{prefix}local-{number:04d}-{secret}"
        self._tokens[token] = _Token(install=install, expires_at=self.now() + self.life if self.rotates else None)
        if not self.rotates:
            return Granted(install=install, token=token)
        refresh_token = f"xoxe-1-local-{number:04d}-{secrets.token_hex(12)}"
        self._refresh[refresh_token] = install
        return Granted(install=install, token=token, refresh_token=refresh_token, expires_in=int(self.life))


def _refuse(error: str) -> tuple[Install, str, float]:
    raise Refused(error)
