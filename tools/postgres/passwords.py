"""The change that gives a role a new password. It goes into the secret store and nowhere else."""

import base64
import hashlib
import hmac
import secrets

from tools.contract import Change, Held, Impact, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import Operator
from tools.postgres.names import Name, quoted
from tools.postgres.secret_stores import SecretStore, path_of
from tools.sources.python_toolbox import Toolbox

ROUNDS = 4096


def scram(password: str, salt: bytes) -> str:
    """The verifier PostgreSQL keeps: the password itself is never sent, so no log of the server can hold it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(ROUNDS, *parts)


def register(box: Toolbox, operator: Operator, store: SecretStore | None) -> None:
    """Add the tool; without a store it says so and does nothing."""

    def the_store() -> SecretStore:
        if store is None:
            says = (
                "no secret store is set; set AUTOPILOT_OPERATOR_SECRETS or AUTOPILOT_OPERATOR_VAULT and restart the bot"
            )
            raise ToolFailed(says, effect_possible=False, reason="refused")
        return store

    async def role_now(role: str) -> JsonObject:
        async with operator.looking() as db:
            found = await db.row(
                """select rolsuper as superuser, rolname = current_user as own,
                     (select count(*) from pg_stat_activity a where a.usename = r.rolname)::int8 as open
                   from pg_roles r where rolname = $1 and rolcanlogin""",
                role,
            )
        refused = ""
        if found is None:
            refused = f"no role {role!r} that may log in; look at postgres.roles"
        elif found["own"]:
            refused = "that is the operator's own role; its password is for people to change"
        elif found["superuser"]:
            refused = f"{role!r} is a superuser; its password is for people to change"
        if refused:
            raise ToolFailed(refused, effect_possible=False, reason="refused")
        assert found is not None
        return found

    @box.write(
        tier="irreversible",
        title="'Gave role ' + args.role + ' a new password'",
        says="'Give role ' + code(args.role) + ' a new password in ' + env + ', kept in the secret store'",
        verb="rotate",
        target={"kind": "role", "id": "args.role"},
        side_effects=["who logs in with the old password is refused; open connections stay"],
        dry_run="analysed",
        failure_modes=["programs that do not read the secret store anew cannot connect again"],
        sensitivity="confidential",
    )
    async def rotate_password(role: Name) -> JsonObject:
        """Give a role a new random password and put it into the secret store. Nobody sees it: not you, not the log."""
        keep = the_store()
        await role_now(role)
        password = secrets.token_urlsafe(32)
        await keep.keep_next(role, password)
        verifier = scram(password, secrets.token_bytes(16))
        try:
            async with operator.changing() as db:
                await db.change(f"alter role {quoted(role)} password '{verifier}'")
        except ToolFailed as error:
            if not error.effect_possible:  # else either may be the right one: both are kept, and a person looks
                await keep.drop_next(role)
            raise
        try:
            await keep.use_next(role, password)
        except ToolFailed as error:
            says = (
                f"the role has its new password, and it is kept as {path_of(role)}.next only ({error}); move it there"
            )
            raise ToolFailed(says, effect_possible=True, reason=error.reason) from None
        return {"role": role, "kept_in": "secret store"}

    @rotate_password.preview
    async def rotate_look(role: str) -> Impact:
        since = await the_store().kept_since(role)
        seen = await role_now(role)
        return Impact(
            grade=DryRun.ANALYSED,
            before={"kept": since is not None},
            changes=(
                Change(
                    label="password", before="in the store" if since else "not in the store", after="new, in the store"
                ),
                Change(label="connections that stay open", before=seen["open"], after=seen["open"]),
                Change(label="lock", before="none", after="none"),
            ),
        )

    @rotate_password.verify
    async def rotated(role: str) -> Verified:
        store = the_store()
        since, unfinished = await store.kept_since(role), await store.has_next(role)
        if unfinished:
            says = f"a password of `{role}` is kept as `{path_of(role)}.next`: try both, and keep the one that logs in"
            return Verified(held=Held.NO, says=says)
        held = Held.YES if since is not None else Held.NO
        return Verified(held=held, says=f"the password of `{role}` is {'' if since else 'not '}in the store")
