"""The list of erasures that is kept outside the database, so that they can be repeated on an older copy of it.

One JSON object a line. A task is named by its id, which says nothing. A person is named by a commitment (scrypt under
the list's own salt), so the list does not keep what was to be forgotten: only who has a copy of the database, in which
the person still stands, finds them again.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Awaitable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.orchestrator import erasing
from storage import erasing as emptying
from storage.db import Database
from storage.erasing import Why
from storage.errors import NotFound
from storage.persons import first_named, new_alias
from storage.records import JsonObject

_COST = 2**12
"""of one guess: some 10 ms; a person's id is looked for among all that an old copy names"""


class BadList(Exception):
    """The list cannot be read or written; nothing was erased."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One erasure that was ordered."""

    at: float
    """seconds since 1970"""
    tenant: str
    task: str = ""
    person: str = ""
    """a commitment"""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The list in a file; each line is on the disk before what it orders is done."""

    path: Path

    def add(self, tenant: str, *, at: float, task: str = "", person: str = "") -> None:
        """Order an erasure; `at` in seconds since 1970.

        Raises:
            BadList: it cannot be kept.
        """
        try:
            fresh = not self.path.exists() or self.path.stat().st_size == 0
            salt = secrets.token_hex(16) if fresh else self.read()[0]
            order = Order(at=at, tenant=tenant, task=task, person=commitment(person, salt) if person else "")
            head: list[JsonObject] = [{"erasures": 1, "salt": salt}] if fresh else []
            lines = [*head, asdict(order)]
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(line, sort_keys=True) + "\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            why = f"cannot be written ({type(error).__name__}); nothing was erased"
            raise BadList(f"the list of erasures {str(self.path)!r} {why}") from None

    def read(self) -> tuple[str, list[Order]]:
        """Its salt, and every order.

        Raises:
            BadList: it is not there, or holds something else; the line is named.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadList(f"the list of erasures {str(self.path)!r} cannot be read ({type(error).__name__})") from None
        number = 1
        try:
            salt = str(json.loads(lines[0])["salt"])
            orders = []
            for line in lines[1:]:
                number += 1
                orders.append(Order(**json.loads(line)))
        except (ValueError, TypeError, KeyError, IndexError):
            says = "is none of a list of erasures; restore the list from its own backup"
            raise BadList(f"line {number} of {str(self.path)!r} {says}") from None
        return salt, orders


def commitment(person: str, salt: str) -> str:
    """What stands for a person in a list."""
    return hashlib.scrypt(person.encode(), salt=bytes.fromhex(salt), n=_COST, r=8, p=1, dklen=32).hex()


async def repeat(db: Database, kept: Kept, tenants: Iterable[str], *, by: str) -> tuple[list[str], list[str]]:
    """Erase again what this database still holds of what was erased: what was done, and what could not be.

    Raises:
        BadList: the list cannot be read.
    """
    salt, orders = kept.read()
    done: list[str] = []
    left: list[str] = []
    for tenant in tenants:
        mine = [order for order in orders if order.tenant == tenant]
        why = Why(what="a task, again", by=by, reason="erased before this copy of the database was restored")
        for task in dict.fromkeys(order.task for order in mine if order.task):
            await _tried(done, left, f"task {task}", _task(db, tenant, task, why))
        wanted = {order.person: order.at for order in mine if order.person}
        for person in await _still_named(db, tenant, wanted, salt):
            await _tried(done, left, "a person", _person(db, tenant, person, why))
    return done, left


async def _tried(done: list[str], left: list[str], what: str, work: Awaitable[bool]) -> None:
    try:
        if await work:
            done.append(what)
    except erasing.StillOpen as error:
        left.append(f"{what}: {error}")


async def _task(db: Database, tenant: str, task: str, why: Why) -> bool:
    async with db.read() as tx:
        if not await emptying.of_task(tx, tenant, task, limit=1):
            return False
    try:
        found = await erasing.tree(db, tenant, [task])
    except NotFound:
        return False
    await erasing.erase_tasks(db, tenant, found, why)
    return True


async def _person(db: Database, tenant: str, person: str, why: Why) -> bool:
    found = await erasing.asked_by(db, tenant, person)
    await erasing.erase_person(db, tenant, person, found, why, new_alias())
    return True


async def _still_named(db: Database, tenant: str, wanted: dict[str, float], salt: str) -> list[str]:
    """Who stands in this copy from before their erasure. Whom the record has only since then is somebody new."""
    if not wanted:
        return []
    async with db.read() as tx:
        first = await first_named(tx, tenant)
    return [name for name, at in first.items() if at <= wanted.get(commitment(name, salt), -1.0)]
