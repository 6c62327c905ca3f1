"""What ends when the app is removed from a workspace: its work, what it wanted sent, its API tokens, Slack's tokens.

What was asked, decided and done there stays on the record, which is append-only.
"""

from bot.orchestrator import stops
from storage import api_tokens, audit, consents, homes, installations, posts, schedules, tasks
from storage.db import Database, within

WHY = "the app was removed from this workspace"
_MOST = 10_000


async def leave(db: Database, installation: str) -> None:
    """Forget an installation; of an organisation's, every workspace it spoke for. May be repeated from any point."""
    async with db.read() as tx:
        found = await installations.find(tx, installation)
        if found is None or found.tenant != installation:
            return
        here = await installations.workspaces_of(tx, found.tenant) if found.is_org else [found.tenant]
    for tenant in here:
        with within(tenant):
            await _close(db, tenant)
    async with db.write() as tx:
        if await installations.forget(tx, installation) is not None:
            body = {"name": found.name, "workspaces": ", ".join(here)}
            await audit.append(tx, installation, "ops.workspace.left", body={**body})


async def leave_workspace(db: Database, enterprise: str, tenant: str) -> None:
    """The same for one workspace that an organisation's installation spoke for; the others go on."""
    with within(tenant):
        await _close(db, tenant)
    async with db.write() as tx:
        if await installations.forget_workspace(tx, tenant, enterprise):
            await audit.append(tx, tenant, "ops.workspace.left", body={"name": tenant, "workspaces": tenant})


async def _close(db: Database, tenant: str) -> None:
    async with db.read() as tx:
        open_ones = await tasks.recent(tx, tenant, only_open=True, limit=_MOST)
    for task in open_ones:  # what a worker holds ends at its next step
        await stops.end(db, tenant, task.id, by="", why=WHY)
    async with db.write() as tx:
        await homes.forget(tx, tenant)
        await consents.forget(tx, tenant)
        await posts.give_up_all(tx, tenant)
        await api_tokens.revoke_all(tx, tenant, by=WHY)
        for schedule in await schedules.of_tenant(tx, tenant):
            await schedules.remove(tx, schedule)
