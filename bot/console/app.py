"""The console: health, evidence and tasks as plain pages. Reads storage; only the API beside it changes something."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from bot.console.pages import render
from storage import audit, evidence, intents, steps, tasks
from storage.db import Database
from storage.errors import NotFound

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

Tenants = Callable[[], Awaitable[Sequence[str]]]
Ready = Callable[[], Awaitable[dict[str, bool]]]


def build(db: Database, tenants: Tenants, ready: Ready, doors: Sequence[Route] = ()) -> Starlette:
    """The ASGI app. `ready` names what this process needs and whether it has it; `doors` are routes of other parts."""

    def page(name: str, *, status: int = 200, **values: object) -> Response:
        return HTMLResponse(render(name, **values), status_code=status, headers=_HEADERS)

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def readyz(_request: Request) -> Response:
        parts = await ready()
        return JSONResponse({"ok": all(parts.values()), **parts}, status_code=200 if all(parts.values()) else 503)

    async def show_evidence(request: Request) -> Response:
        for tenant in await tenants():
            with contextlib.suppress(NotFound):
                async with db.read() as tx:
                    found = await evidence.get(tx, tenant, request.path_params["hash"])
                return page("evidence.html", evidence=found)
        return page("missing.html", status=404, what="evidence", key=request.path_params["hash"][:12])

    async def show_task(request: Request) -> Response:
        for tenant in await tenants():
            with contextlib.suppress(NotFound):
                async with db.read() as tx:
                    task = await tasks.get(tx, tenant, request.path_params["id"])
                    found = await steps.of_task(tx, task)
                    ledger = await intents.of_task(tx, tenant, task.id)
                    entries = await audit.entries(tx, tenant, task_id=task.id)
                return page("task.html", task=task, steps=found, intents=ledger, entries=entries)
        return page("missing.html", status=404, what="task", key=request.path_params["id"][:40])

    async def show_tasks(request: Request) -> Response:
        known, wanted = await tenants(), request.query_params.get("workspace", "")
        tenant = wanted or (known[0] if len(known) == 1 else "")
        if tenant not in known:
            return page("missing.html", status=404, what="workspace; add ?workspace=", key=wanted[:40] or "T…")
        async with db.read() as tx:
            found = await tasks.recent(tx, tenant, limit=50)
        return page("tasks.html", tasks=found)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/evidence/{hash}", show_evidence),
            Route("/tasks/{id}", show_task),
            Route("/", show_tasks),
            *doors,
        ]
    )


async def database_answers(db: Database) -> bool:
    """Whether the database takes a read right now."""
    try:
        async with db.read() as tx:
            await tx.run(sa.text("select 1"))
    except (sa.exc.SQLAlchemyError, OSError):
        return False
    return True
