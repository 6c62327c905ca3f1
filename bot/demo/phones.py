"""The authenticator apps of the demo's approvers: their codes of this moment, on a page instead of on two phones."""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.factors import totp
from bot.factors.keys import Keys
from storage import factors
from storage.db import Database
from storage.migrate import migrate

TENANT = "T0ACME"
OWNERS = {"U0DANA": "Dana", "U0SAM": "Sam"}
"""the leads of the local Slack"""
_PAGE = """<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>Phones</title>
<style>:root {{ color-scheme: light dark }} body {{ font: 18px/1.6 system-ui; margin: 40px auto; max-width: 24em }}
b {{ font: 34px ui-monospace, monospace; letter-spacing: 3px }}</style>
<p>In real life each of these is on its owner's phone.</p>{rows}<p>New codes in {left} s.</p>"""


async def enrol(url: str, key: str) -> dict[str, str]:
    """Give each owner an app; name → secret. The database is made when it is not there."""
    db, keys = Database(url, sees=TENANT), Keys(key)
    secrets = {who: totp.new_secret() for who in OWNERS}
    try:
        await migrate(db)
        async with db.write() as tx:
            for who, secret in secrets.items():
                await factors.enrol(tx, TENANT, who, keys.shut(secret, TENANT, who), by="demo")
    finally:
        await db.close()
    return {OWNERS[who]: secret for who, secret in secrets.items()}


def build(secrets: dict[str, str]) -> Starlette:
    """The page."""

    async def codes(_request: Request) -> HTMLResponse:
        now = time.time()
        rows = "".join(f"<p>{name}<br><b>{totp.code(secret, now)}</b></p>" for name, secret in secrets.items())
        return HTMLResponse(_PAGE.format(rows=rows, left=totp.STEP - int(now) % totp.STEP))

    return Starlette(routes=[Route("/", codes)])
