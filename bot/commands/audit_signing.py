"""`autopilot audit key`, `checkpoint`, `pack`: what is signed, and with which key."""

import os
from collections.abc import Callable
from pathlib import Path

from bot.commands.audit_store import chains, opened
from bot.failed import CommandFailed
from bot.notary import pack, places
from bot.notary.notary import Notary
from bot.settings import Settings
from storage import audit, checkpoints
from storage.checkpoints import BadKey, Signer
from storage.errors import NotFound


def signer_of(config: Settings) -> Signer:
    """The configured key.

    Raises:
        CommandFailed: there is none, or it is no key.
    """
    text = config.audit_key.get_secret_value() if config.audit_key else ""
    where = "AUTOPILOT_AUDIT_KEY"
    if not text and config.audit_key_file is not None:
        where = f"AUTOPILOT_AUDIT_KEY_FILE {str(config.audit_key_file)!r}"
        try:
            text = config.audit_key_file.read_text(encoding="utf-8")
        except OSError as error:
            raise CommandFailed(f"cannot read {where}: {error.strerror}") from None
    if not text:
        raise CommandFailed("there is no key to sign with; make one with 'autopilot audit key --new FILE'")
    try:
        return Signer.read(text)
    except BadKey as error:
        raise CommandFailed(f"{where} cannot be used: {error}") from None


def make_key(file: Path) -> str:
    """Write a fresh private key for its owner's eyes only, and give the line of its public key.

    Raises:
        CommandFailed: there is such a file already, or it cannot be written.
    """
    text = checkpoints.new_key()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"{text}\n")
    except FileExistsError:
        raise CommandFailed(f"{str(file)!r} is there already; a key is never overwritten") from None
    except OSError as error:
        raise CommandFailed(f"cannot write {str(file)!r}: {error.strerror}") from None
    return public_line(Signer.read(text))


def public_line(signer: Signer) -> str:
    return f"{signer.id} {signer.public}"


async def sign_now(config: Settings, say: Callable[[str], None]) -> None:
    """Sign every chain that grew, and publish."""
    signer = signer_of(config)
    async with opened(config.database) as db:
        notary = Notary(db=db, signer=signer, places=places.read(config.audit_publish), every=0)
        made = await notary.round(now=True)
        for one in made:
            say(one.line)
        async with db.read() as tx:
            behind = [
                one for tenant, _s, _h in await audit.tenants(tx) for one in await checkpoints.unpublished(tx, tenant)
            ]
    if behind:
        raise CommandFailed(
            f"{len(behind)} checkpoints are signed but not published; see the log for the place that fails"
        )
    if not made:
        say("nothing came since the last checkpoint")


async def pack_to(config: Settings, url: str, out: Path, task: str, tenant: str, say: Callable[[str], None]) -> None:
    """Write one task's evidence pack, under a checkpoint that is made now when the last one is older than the task.

    Raises:
        CommandFailed: no such task, or the file cannot be written.
    """
    signer = signer_of(config)
    async with opened(url) as db:
        for name, _seq, _hash in await chains(db, tenant):
            async with db.read() as tx:
                if not await audit.entries(tx, name, task_id=task, limit=1):
                    continue
            await Notary(db=db, signer=signer, places=places.read(config.audit_publish), every=0).round(now=True)
            try:
                async with db.read() as tx:
                    files = await pack.pack_of(tx, name, task, signer)
                pack.write(files, out)
            except NotFound:
                break
            except OSError as error:
                raise CommandFailed(f"cannot write {str(out)!r}: {error.strerror}") from None
            say(f"written to {out}: {len(files)} files; key {public_line(signer)}")
            return
    raise CommandFailed(f"no task {task!r}; see the ids with 'autopilot audit show'")
