"""oauth.v2.access for codes and for refresh tokens, auth.revoke, apps.uninstall."""

import base64
import hmac

from bot.demo.slack.arguments import Args
from bot.demo.slack.installs import Granted
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused


def basic(authorization: str) -> Json:
    """The client's id and secret as slack_sdk sends them: HTTP Basic."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": name, "client_secret": secret}


def _check_client(office: Office, args: Args) -> None:
    if args.text("client_id") != office.app.client_id:
        raise Refused("invalid_client_id")
    if not hmac.compare_digest(args.text("client_secret") or "", office.app.client_secret):
        raise Refused("bad_client_secret")


def _access(office: Office, args: Args) -> Json:
    _check_client(office, args)
    if args.text("grant_type") == "refresh_token":
        return _told(office, office.installs.refresh(args.need("refresh_token")))
    granted = office.installs.exchange(args.need("code"), args.text("redirect_uri"))
    return {**_told(office, granted), "authed_user": {"id": granted.install.by}}


def _told(office: Office, granted: Granted) -> Json:
    install, workspace = granted.install, granted.install.workspace
    enterprise = {"id": workspace.enterprise_id, "name": workspace.enterprise_name}
    rotating = {"expires_in": granted.expires_in, "refresh_token": granted.refresh_token}
    return {
        "ok": True,
        "app_id": office.app.app_id,
        "access_token": granted.token,
        "token_type": "bot",
        "scope": ",".join(sorted(install.scopes)),
        "bot_user_id": workspace.bot_user,
        "team": None if install.is_org else {"id": workspace.team_id, "name": workspace.name},
        "enterprise": enterprise if workspace.enterprise_id else None,
        "is_enterprise_install": install.is_org,
        **(rotating if granted.expires_in is not None else {}),
    }


def _revoke(office: Office, args: Args) -> Json:
    if not args.flag("test"):
        office.installs.revoke(args.need("token"))
    return {"ok": True, "revoked": not args.flag("test")}


def _uninstall(office: Office, args: Args) -> Json:
    _check_client(office, args)
    office.installs.uninstall(office.installs.find(args.need("token")))
    return {"ok": True}


def _teams(office: Office, args: Args) -> Json:
    install = office.installs.of(office.workspace)
    reached = [one for one in install.reach() if install.covers(one)] if install is not None else []
    teams = [{"id": one.team_id, "name": one.name} for one in reached or [office.workspace]]
    return {"ok": True, "teams": teams, "response_metadata": {"next_cursor": ""}}


METHODS = {
    "auth.teams.list": Method(run=_teams),
    "oauth.v2.access": Method(run=_access, no_token=True),
    "auth.revoke": Method(run=_revoke),
    "apps.uninstall": Method(run=_uninstall),
}
