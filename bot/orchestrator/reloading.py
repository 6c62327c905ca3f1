"""Policy files that changed are loaded while the bot runs: all or none, on the record, a wrong one said once."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policy.errors import PolicyError
from storage import audit, inbox, posts
from storage.db import Database
from storage.errors import LOST_DATABASE
from storage.records import JsonObject, PostKind
from tools.gateway import Gateway, Rules

log = logging.getLogger(__name__)

EVERY = 2.0
"""seconds between two looks; what changed must look the same twice, so nobody's half-saved file is read"""
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(kw_only=True)
class Reloader:
    """Each replica looks for itself. New rules decide from the next call on; cards that wait are decided anew."""

    db: Database
    gateway: Gateway
    load: Callable[[], Rules]
    """blocks for a second: rules nobody has parsed here are parsed in a child process first"""
    files: Callable[[], Sequence[Path]]
    channel: str
    """where a wrong file is told of; "" for in the log and on the record only"""
    _loaded: Stamp = field(init=False)
    _seen: Stamp = field(init=False)

    def __post_init__(self) -> None:
        self._loaded = self._seen = self._stamp()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except LOST_DATABASE as error:
                log.warning(
                    "a change of policy could not be recorded; trying again", extra={"why": type(error).__name__}
                )

    async def once(self) -> bool:
        """Look once; whether new rules decide from now on."""
        stamp, before = self._stamp(), self._seen
        self._seen = stamp
        if stamp == self._loaded or stamp != before:
            return False
        old = self.gateway.rules
        try:
            new = await asyncio.to_thread(self.load)
        except (PolicyError, OSError) as error:
            why = self.gateway.clean(str(error))[:1000]
            log.error("policy files are wrong; the rules of before go on deciding", extra={"why": why})
            await self._record("reload_refused", stamp, {"why": why, "version": old.engine.version}, tell=why)
            self._loaded = stamp
            return False
        if stamp != self._stamp():
            return False  # changed while it was read: again, when it is quiet
        await self._record("reloaded", stamp, {"was": old.engine.version, "version": new.engine.version})
        self.gateway.rules = new  # after it is on the record
        self._loaded = stamp
        log.info("new rules decide from now on", extra={"version": new.engine.version})
        return True

    def _stamp(self) -> Stamp:
        found: list[tuple[str, int, int]] = []
        for file in self.files():
            try:
                stat = file.stat()
            except OSError:
                found.append((str(file), 0, 0))
                continue
            found.append((str(file), stat.st_mtime_ns, stat.st_size))
        return tuple(found)

    async def _record(self, event: str, stamp: Stamp, body: JsonObject, tell: str = "") -> None:
        """Once in each workspace, whichever replica comes first."""
        async with self.db.write() as tx:
            for tenant, _seq, _hash in await audit.tenants(tx):
                if not await inbox.first_time(tx, tenant, f"policy:{event}:{hash_of(stamp)}", "policy"):
                    continue
                await audit.append(tx, tenant, f"ops.policy.{event}", body=body)
                if tell and self.channel:
                    said = f"The policy files changed and are wrong, so the rules of before go on deciding: {tell}"
                    await posts.want(
                        tx,
                        tenant=tenant,
                        kind=PostKind.NOTICE,
                        subject=f"policy:{hash_of(stamp)}",
                        channel=self.channel,
                        body={"text": said, "kind": "warning"},
                    )


def hash_of(stamp: Stamp) -> str:
    """A short name for one state of the files, the same on every replica that shares them."""
    import hashlib

    return hashlib.sha256(repr(stamp).encode()).hexdigest()[:16]
