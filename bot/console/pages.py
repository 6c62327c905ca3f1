"""The console's pages from their templates. Jinja is imported with the first page: an idle bot shows none."""

import datetime as dt
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup
    from starlette.responses import Response


def render(name: str, **values: object) -> str:
    """The HTML of one page; every value in it is escaped, and one that is missing is an error."""
    return _templates().get_template(name).render(**values)


def form_page(name: str, *, status: int = 200, send_to: str = "", **values: object) -> "Response":
    """A page with a form of ours, kept nowhere; `send_to` is the one other origin a form may lead to."""
    from starlette.responses import HTMLResponse

    forms = f"form-action 'self' {send_to}".rstrip()
    closed = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    headers = {
        "Content-Security-Policy": f"{closed}; {forms}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # "no-referrer" would hide from us where a form was sent from
        "Cache-Control": "no-store",
    }
    return HTMLResponse(render(name, **values), status_code=status, headers=headers)


def _spoken(line: str) -> "Markup":
    """A line made by code from sealed arguments: its `code spans` drawn as such, everything else literal."""
    from markupsafe import Markup, escape

    parts = line.split("`")
    if len(parts) % 2 == 0:
        return escape(line)
    drawn = (Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup("").join(drawn)


@functools.cache
def _templates() -> "jinja2.Environment":
    import jinja2

    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    pages.filters["spoken"] = _spoken
    pages.filters["utc"] = lambda at: f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    pages.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    pages.filters["short"] = lambda value: json.dumps(value, ensure_ascii=False)[:300]
    return pages
