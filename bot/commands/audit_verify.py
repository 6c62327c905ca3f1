"""Checks chains as the stand-alone verifier does, in the database or in an export, and says what is broken."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.commands.audit_checkpoint import Checkpoint
from bot.commands.audit_store import chains, opened, rows_of
from bot.failed import CommandFailed
from bot.terminal.marks import NEITHER, NO, YES
from storage.hashchain import GENESIS
from storage.verify_audit import Chain, Row, Unusable, check_file, check_rows, join


@dataclass
class Verification:
    """What to check against, and what was found."""

    tenant: str = ""
    after: Checkpoint | None = None
    head: Checkpoint | None = None
    broken: int = 0
    _chains: dict[str, Chain] = field(default_factory=dict)

    def chain(self, tenant: str) -> Chain:
        """The chain of a tenant, from where the check begins."""
        if tenant not in self._chains:
            begin = self.after or Checkpoint(seq=0, hash=GENESIS)
            self._chains[tenant] = Chain(tenant=tenant, last=begin.seq, hash=begin.hash)
        return self._chains[tenant]

    def walk(self, rows: list[Row], tenant: str, must_have: Iterable[Checkpoint]) -> Iterator[str]:
        """What is wrong with the next rows of a tenant."""
        runs, wrong = check_rows(rows)
        for run in runs:
            wrong += join(self.chain(tenant), run)
        first = rows[0][1]
        for wanted in must_have:
            there = rows[wanted.seq - first][8] if first <= wanted.seq < first + len(rows) else ""
            yield from self.named(_not_published(self.chain(tenant), wanted, there))
        yield from self.named(wrong)

    def taken(self, found: dict[str, Chain], wrong: list[str]) -> Iterator[str]:
        """The chains that were walked elsewhere, and what was wrong there."""
        self._chains = found
        yield from self.named(wrong)

    def end(self, chain: Chain, must_have: Iterable[Checkpoint]) -> Iterator[str]:
        """What is missing behind the last link, and what was emptied by nobody."""
        yield from self.named(chain.emptied.wrong(chain.tenant))
        wanted = max((one.seq for one in must_have), default=0)
        if chain.last < wanted:
            first = chain.last + 1
            which = f"entry {wanted} is" if first == wanted else f"entries {first} to {wanted} are"
            yield from self.named([f"{chain.tenant}: {which} missing: the tail was cut"])
        yield _summary(chain)

    @property
    def checked(self) -> int:
        """How many entries were."""
        return sum(chain.count for chain in self._chains.values())

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

    def named(self, wrong: Iterable[str]) -> Iterator[str]:
        """These problems, counted."""
        for sentence in wrong:
            self.broken += 1
            yield f"{NO} {sentence}"


def _summary(chain: Chain) -> str:
    gone = f", {len(chain.emptied.found)} of them erased" if chain.emptied.found else ""
    return f"{chain.tenant}: {chain.count} entries checked{gone}; head {Checkpoint(seq=chain.last, hash=chain.hash)}"


async def verify_database(url: str, checking: Verification, say: Callable[[str], None]) -> None:
    """Walk every tenant's chain up to the head it has now.

    Raises:
        SchemaBehind: it is not this version's database.
    """
    async with opened(url) as db:
        for tenant, seq, hashed in await chains(db, checking.tenant):
            must_have = [one for one in (checking.head, Checkpoint(seq=seq, hash=hashed)) if one is not None]
            begin = checking.after.seq if checking.after else 0
            async for batch in rows_of(db, tenant, after=begin, upto=seq):
                for line in checking.walk(batch, tenant, must_have):
                    say(line)
            for line in checking.end(checking.chain(tenant), must_have):
                say(line)
    for line in checking.finish():
        say(line)


def verify_file(file: Path, checking: Verification) -> Iterator[str]:
    """Check the chains of an exported file, on all cores.

    Raises:
        CommandFailed: there is no such file.
    """
    begin, head = checking.after or Checkpoint(seq=0, hash=GENESIS), checking.head
    try:
        found, wrong = check_file(file, tenant=checking.tenant, keep=head is not None, after=(begin.seq, begin.hash))
    except Unusable as error:
        raise CommandFailed(str(error)) from None
    yield from checking.taken(found, wrong)
    for chain in found.values():
        if head is not None:
            at = (head.seq - begin.seq - 1) * 32
            yield from checking.named(_not_published(chain, head, chain.hashes[at : at + 32].hex() if at >= 0 else ""))
        yield from checking.end(chain, [head] if head else [])
    yield from checking.finish()
    if head is None:
        yield f"{NEITHER} a file cannot tell whether its tail was cut; give --head SEQ:HASH of a published link"


def _not_published(chain: Chain, wanted: Checkpoint, there: str) -> Iterator[str]:
    if there not in ("", wanted.hash):
        yield f"{chain.tenant}: entry {wanted.seq} is not the one that was published as {wanted.hash[:12]}…"
