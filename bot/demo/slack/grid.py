"""The workspaces of one local Slack: one app, one stream of payloads, and for each workspace an office of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.demo.slack.delivery import Delivery
from bot.demo.slack.installs import Install, Installs
from bot.demo.slack.office import Office
from bot.demo.slack.ui import Ui
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Workspace

NEEDS_TEAM = frozenset({"usergroups.list", "usergroups.users.list", "users.list", "conversations.list"})
"""methods that an organisation's token must name the workspace for"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One workspace."""

    office: Office
    delivery: Delivery
    ui: Ui


@dataclass
class Grid:
    installs: Installs
    make: Callable[[Workspace], Site]
    sites: dict[str, Site] = field(default_factory=dict)

    def add(self, workspace: Workspace) -> Site:
        """One more workspace, without the app."""
        site = self.make(workspace)
        self.sites[workspace.team_id] = site
        return site

    def allow(self, team: str, by: str, scopes: frozenset[str], *, org: bool = False) -> Install:
        """What pressing Allow there begins.

        Raises: Refused `team_not_found` or `org_login_required`.
        """
        site = self.sites.get(team)
        if site is None:
            raise Refused("team_not_found")
        if org and not site.office.workspace.enterprise_id:
            raise Refused("org_login_required")
        office = site.office
        office.app = replace(office.app, scopes=scopes)
        return Install(
            workspace=office.workspace,
            by=by,
            scopes=scopes,
            is_org=org,
            tell=site.delivery.emit_anyway,
            reach=self._every,
        )

    def _every(self) -> list[Workspace]:
        return [site.office.workspace for site in self.sites.values()]

    def office_of(self, install: Install, method: str, raw: Json) -> Office:
        """Where a call with this installation's token is answered.

        Raises: Refused `missing_argument` when an organisation's token does not say which workspace.
        """
        if not install.is_org:
            return self.sites[install.workspace.team_id].office
        mine = [site.office for site in self.sites.values() if install.covers(site.office.workspace)]
        if method in NEEDS_TEAM and not raw.get("team_id"):
            raise Refused("missing_argument", "[ERROR] team_id is required with an org-wide token")
        return next((office for office in mine if _is_about(office, raw)), mine[0])

    def holding_response(self, key: str) -> Site:
        """Whose response url this is; the first workspace for one that nobody knows."""
        every = list(self.sites.values())
        return next((site for site in every if site.office.triggers.knows_response(key)), every[0])

    def holding_file(self, file_id: str) -> Office:
        every = [site.office for site in self.sites.values()]
        return next((o for o in every if file_id in o.uploads or file_id in o.files), every[0])


def _is_about(office: Office, raw: Json) -> bool:
    workspace = office.workspace
    if team := raw.get("team_id"):
        return bool(team == workspace.team_id)
    named = [str(raw.get(name) or "") for name in ("channel", "channel_id", "user", "users", "user_id")]
    if any(one and (one in workspace.channels or one in workspace.people) for one in named):
        return True
    return office.triggers.knows(str(raw.get("trigger_id") or "")) or str(raw.get("view_id") or "") in office.views
