"""Walks chains link by link, in constant memory, and says what is broken."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.commands.audit_checkpoint import Checkpoint
from bot.commands.audit_file import read_entries
from bot.commands.audit_line import BadLine
from bot.commands.audit_store import chains, entries_of, opened
from bot.terminal.marks import NEITHER, NO, YES
from storage.hashchain import GENESIS, check
from storage.records import AuditEntry


@dataclass
class Chain:
    """One tenant's chain as far as it has been walked."""

    tenant: str
    last: Checkpoint
    must_have: tuple[Checkpoint, ...]
    checked: int = 0

    def walk(self, entry: AuditEntry) -> Iterator[str]:
        """What is wrong with the next link."""
        for wanted in self.must_have:
            if entry.seq == wanted.seq and entry.hash != wanted.hash:
                yield f"entry {entry.seq} is not the one that was published as {wanted.hash[:12]}…"
        yield from check([entry], after=(self.last.seq, self.last.hash))
        self.last = Checkpoint(seq=entry.seq, hash=entry.hash)
        self.checked += 1

    def end(self) -> Iterator[str]:
        """What is missing behind the last link."""
        wanted = max((one.seq for one in self.must_have), default=0)
        if self.last.seq < wanted:
            first = self.last.seq + 1
            which = f"entry {wanted} is" if first == wanted else f"entries {first} to {wanted} are"
            yield f"{which} missing: the tail was cut"


@dataclass
class Verification:
    """What to check against, and what was found."""

    tenant: str = ""
    after: Checkpoint | None = None
    head: Checkpoint | None = None
    broken: int = 0
    _chains: dict[str, Chain] = field(default_factory=dict)

    def chain(self, tenant: str, head: Checkpoint | None = None) -> Chain:
        """The chain of a tenant; `head` is the link it is known to end with."""
        if tenant not in self._chains:
            begin = self.after or Checkpoint(seq=0, hash=GENESIS)
            must_have = tuple(one for one in (self.head, head) if one is not None)
            self._chains[tenant] = Chain(tenant=tenant, last=begin, must_have=must_have)
        return self._chains[tenant]

    def walk(self, chain: Chain, entries: Iterable[AuditEntry]) -> Iterator[str]:
        for entry in entries:
            yield from self._named(chain, chain.walk(entry))

    def end(self, chain: Chain) -> Iterator[str]:
        yield from self._named(chain, chain.end())
        yield f"{chain.tenant}: {chain.checked} entries checked; head {chain.last}"

    def finish(self) -> Iterator[str]:
        """The last lines."""
        if len(self._chains) > 1 and (self.after or self.head):
            self.broken += 1
            yield f"{NO} a link belongs to one workspace, and here are several; name it with --tenant"
        if not self._chains:
            if self.head or self.after:
                self.broken += 1
                yield f"{NO} there is no entry at all: the whole record is missing"
            else:
                yield f"{NEITHER} there are no entries"
        yield f"{NO} {self.broken} broken" if self.broken else f"{YES} every link holds"

    def _named(self, chain: Chain, wrong: Iterable[str]) -> Iterator[str]:
        for sentence in wrong:
            self.broken += 1
            yield f"{NO} {chain.tenant}: {sentence}"

    def chains(self) -> list[Chain]:
        return list(self._chains.values())


async def verify_database(url: str, checking: Verification, say: Callable[[str], None]) -> None:
    """Walk every tenant's chain up to the head it has now.

    Raises:
        SchemaBehind: it is not this version's database.
    """
    async with opened(url) as db:
        for tenant, seq, hashed in await chains(db, checking.tenant):
            head = Checkpoint(seq=seq, hash=hashed)
            chain = checking.chain(tenant, head)
            begin = checking.after.seq if checking.after else 0
            async for batch in entries_of(db, tenant, after=begin, upto=seq):
                for line in checking.walk(chain, batch):
                    say(line)
            for line in checking.end(chain):
                say(line)
    for line in checking.finish():
        say(line)


def verify_file(file: Path, checking: Verification) -> Iterator[str]:
    """Walk the chains of an exported file.

    Raises:
        CommandFailed: there is no such file.
    """
    for number, entry in read_entries(file):
        if isinstance(entry, BadLine):
            checking.broken += 1
            yield f"{NO} line {number} is no audit entry: {entry}"
        elif checking.tenant in ("", entry.tenant):
            yield from checking.walk(checking.chain(entry.tenant), [entry])
    for chain in checking.chains():
        yield from checking.end(chain)
    yield from checking.finish()
    if checking.head is None:
        yield f"{NEITHER} a file cannot tell whether its tail was cut; give --head SEQ:HASH of a published link"
