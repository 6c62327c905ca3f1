"""The change that gives a role a new password. It goes into the secret store and nowhere else."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from tools.contract import Change, Held, Impact, JsonObject, ToolFailed, Verified
from tools.manifest import DryRun
from tools.postgres.connection import Operator
from tools.postgres.names import Name, quoted
from tools.sources.python_toolbox import Toolbox

ROUNDS = 4096


@dataclass(frozen=True, kw_only=True)
class SecretFolder:
    """A folder that holds one secret a file, readable by its owner only: what secret managers mount and sync."""

    path: Path

    def keep_next(self, name: str, value: str) -> None:
        """Keep a value beside the one in use.

        Raises:
            ToolFailed: it cannot be written; nothing happened.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._file(name, ".next"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            says = f"the secret store cannot be written ({error.strerror}); nothing was changed"
            raise ToolFailed(says, effect_possible=False, reason="refused") from None

    def use_next(self, name: str) -> None:
        """The value kept beside becomes the one in use; the one before stays as `.previous`."""
        current = self._file(name)
        if current.exists():
            current.replace(self._file(name, ".previous"))
        self._file(name, ".next").replace(current)

    def drop_next(self, name: str) -> None:
        self._file(name, ".next").unlink(missing_ok=True)

    def kept_since(self, name: str) -> float | None:
        file = self._file(name)
        return file.stat().st_mtime if file.exists() else None

    def _file(self, name: str, suffix: str = "") -> Path:
        """Names of roles may hold anything; of a file's name they are only a part, as hex where they are odd."""
        plain = name if name.isascii() and name.replace("_", "").isalnum() else f"x{name.encode().hex()}"
        return self.path / f"postgres-{plain}{suffix}"


def scram(password: str, salt: bytes) -> str:
    """The verifier PostgreSQL keeps: the password itself is never sent, so no log of the server can hold it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(ROUNDS, *parts)


def register(box: Toolbox, operator: Operator, store: SecretFolder | None) -> None:
    """Add the tool; without a store it says so and does nothing."""

    def the_store() -> SecretFolder:
        if store is None:
            says = "no secret store is set; name a folder in AUTOPILOT_OPERATOR_SECRETS and restart the bot"
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
        keep.keep_next(role, password)
        verifier = scram(password, secrets.token_bytes(16))
        try:
            async with operator.changing() as db:
                await db.change(f"alter role {quoted(role)} password '{verifier}'")
        except ToolFailed as error:
            if not error.effect_possible:  # else either may be the right one: both are kept, and a person looks
                keep.drop_next(role)
            raise
        keep.use_next(role)
        return {"role": role, "kept_in": "secret store"}

    @rotate_password.preview
    async def rotate_look(role: str) -> Impact:
        since = the_store().kept_since(role)
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
        since = the_store().kept_since(role)
        held = Held.YES if since is not None else Held.NO
        return Verified(held=held, says=f"the password of `{role}` is {'' if since else 'not '}in the store")
