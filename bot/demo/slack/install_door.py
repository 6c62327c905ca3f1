"""The page a browser is sent to by "Add to Slack": choose a workspace, Allow or Cancel, and back to the app."""

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.demo.slack.app_config import AppConfig
from bot.demo.slack.arguments import parse_form
from bot.demo.slack.grid import Grid
from bot.demo.slack.wire import Json, Refused


class InstallDoor:
    def __init__(self, grid: Grid, app: AppConfig) -> None:
        self._grid, self._app = grid, app

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/v2/authorize", self._ask),
            Route("/oauth/v2/allow", self._allow, methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        query = dict(request.query_params)
        try:
            self._check(query)
        except Refused as refused:
            return HTMLResponse(f"<h1>{escape(refused.error)}</h1>", status_code=400)
        hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in query.items())
        return HTMLResponse(
            f"<title>Install</title><h1>{escape(self._app.name)} asks for permission</h1>"
            f"<p>{escape(query.get('scope', ''))}</p>"
            f'<form method="post" action="/oauth/v2/allow">{hidden}<label>Where <select name="where">{self._places()}'
            '</select></label> <button name="answer" value="allow">Allow</button> '
            '<button name="answer" value="cancel">Cancel</button></form>'
        )

    def _places(self) -> str:
        every = [site.office.workspace for site in self._grid.sites.values()]
        one = [f'<option value="{w.team_id}">{escape(w.name)}</option>' for w in every]
        orgs = {w.enterprise_id: w for w in every if w.enterprise_id}
        whole = [f'<option value="{w.team_id}:org">{escape(w.enterprise_name)} (all)</option>' for w in orgs.values()]
        return "".join([*one, *whole])

    async def _allow(self, request: Request) -> Response:
        form = parse_form(await request.body())
        try:
            redirect_uri = self._check(form)
            back: dict[str, str] = {"state": str(form.get("state", ""))}
            if form.get("answer") == "cancel":
                return _to(redirect_uri, {**back, "error": "access_denied"})
            team, _, org = str(form.get("where", "")).partition(":")
            scopes = frozenset(filter(None, str(form.get("scope", "")).split(",")))
            by = str(form.get("as") or self._somebody(team))
            install = self._grid.allow(team, by, scopes, org=org == "org")
        except Refused as refused:
            return HTMLResponse(f"<h1>{escape(refused.error)}</h1>", status_code=400)
        return _to(redirect_uri, {**back, "code": self._grid.installs.code(install, redirect_uri)})

    def _somebody(self, team: str) -> str:
        site = self._grid.sites.get(team)
        people = site.office.workspace.people.values() if site is not None else ()
        return next((person.id for person in people if person.is_admin), "")

    def _check(self, form: Json) -> str:
        """Where the browser goes back to."""
        if form.get("client_id") != self._app.client_id:
            raise Refused("invalid_client_id")
        scopes = set(str(form.get("scope", "")).split(","))
        if not scopes <= self._app.scopes:
            raise Refused("invalid_scope_requested")
        known = self._app.redirect_urls
        wanted = str(form.get("redirect_uri") or (known[0] if known else ""))
        if not wanted or not any(wanted.startswith(url) for url in known):
            raise Refused("bad_redirect_uri")
        return wanted


def _to(address: str, query: dict[str, str]) -> Response:
    return RedirectResponse(f"{address}?{urlencode(query)}", status_code=302)
