#!/usr/bin/env python3
"""Checks an exported audit record, or an evidence pack, offline. One file on purpose: the standard library and
`cryptography` are all it needs, so whoever checks need not trust, or install, the program that wrote the record.

    python verify.py record.jsonl [--checkpoints FILE] [--key KEY] [--revoked KEY_ID] [--tenant T] [--jobs N]
    python verify.py pack.zip|folder [--key KEY] [--revoked KEY_ID]

KEY is a public key as `autopilot audit key` shows it (base64), or a file of such lines. Exit codes: 0 whole, 1 broken,
2 wrong usage.
"""

# ruff: noqa: T201, PTH123  a program of its own; it prints
import argparse
import base64
import binascii
import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
CHUNK = 8 * 1024 * 1024
"""bytes one process checks at a time"""
MOST_NAMED = 100
"""problems that are told one by one"""
MOST_IN_PACK = 256 * 1024 * 1024
"""bytes of one file of a pack; a larger one is not one of ours"""
_NAMES = ("tenant", "seq", "at", "event", "task_id", "correlation_id", "body", "prev", "hash", "salt")


class Unusable(Exception):
    """An input that cannot be read at all; the message says why."""


# --- the chain ----------------------------------------------------------------------------------------------

Row = tuple[str, int, float, str, str, str, str, str, str, str]
"""an entry, its values in the order of _NAMES"""
ORDER = "ops.record.erased"
"""the event of entries that say which others were emptied, and what was left of each"""
ERASED = "erased:"
"""an emptied body: ERASED commitment ":" what was left"""


def linked_over(body: str, salt: str) -> str:
    """What stands for the body in its link: a commitment, or of entries from before there were salts, the body itself.

    "" when nothing can: the body is none, or was emptied and had no salt.
    """
    if salt:
        return "sha256:" + hashlib.sha256((salt + body).encode("utf-8", "surrogatepass")).hexdigest()
    if body.startswith(ERASED):
        commitment = body[7:].partition(":")[0]
        return f"sha256:{commitment}" if commitment else ""
    return body if body.startswith("{") else ""


def text_of(row: Row) -> str:
    """The JSON text of a row: its link's hash is over this, with what stands for the body in place of it."""
    tenant, seq, at, event, task_id, correlation_id, body, prev, _hash, _salt = row
    return (
        f'[{quoted(tenant)},{seq},"{at:.6f}",{quoted(event)},{quoted(task_id)},{quoted(correlation_id)},'
        f"{quoted(body)},{quoted(prev)}]"
    )


def _left(row: Row) -> str:
    """The digest of an emptied row, as its order names it."""
    return hashlib.sha256(f"{text_of(row)[:-1]},{quoted(row[8])}]".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Emptied:
    """Which entries were emptied, and which the record says were."""

    found: dict[int, tuple[str, str]] = field(default_factory=dict)
    """entry → its event, and the digest of what is left of it"""
    ordered: dict[int, str] = field(default_factory=dict)
    """entry → the digest that the newest order names"""

    def order(self, seq: int, body: str) -> bool:
        """Take in what an order names; False when it is none that can be read."""
        try:
            self.ordered |= {int(number): str(left) for number, left in json.loads(body)["entries"] if number < seq}
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        return True

    def join(self, later: "Emptied") -> None:
        self.found |= later.found
        self.ordered |= later.ordered

    def wrong(self, tenant: str) -> Iterator[str]:
        for seq, (event, left) in self.found.items():
            if self.ordered.get(seq) != left:
                yield f"{tenant}: entry {seq} ({event}) was emptied, and not by an order on the record"


@dataclass
class Run:
    """A stretch of one tenant's links that hold together."""

    tenant: str
    first: int
    prev: str
    first_hash: str
    last: int
    hash: str
    count: int = 0
    hashes: bytearray = field(default_factory=bytearray)
    emptied: Emptied = field(default_factory=Emptied)


Found = tuple[list[Run], list[str], list[int]]
"""the runs, what is wrong inside them, and where (in bytes) lines begin that are no entries"""


def rows_of(lines: Iterable[bytes], where: int, odd: list[int]) -> Iterator[Row]:
    """The entries of these lines; the first begins at `where`, and `odd` gets the places of those that are none."""
    read = json.JSONDecoder().raw_decode  # json.loads looks at the encoding and the end each time, for half its time
    for line in lines:
        place, where = where, where + len(line) + 1
        try:
            text = line.decode()
            if not text or text.isspace():
                continue
            e, end = read(text)
            salt = e["salt"] if len(e) == 10 else ""
            at = e["at"] + 0.0
            row = e["tenant"], e["seq"], at, e["event"], e["task_id"], e["correlation_id"], e["body"], e["prev"]
            fits = len(e) in (9, 10) and type(row[1]) is int and row[1] > 0 and not text[end:].strip()
            "".join((row[0], *row[3:], e["hash"], salt))
            (row[0] + row[3]).encode()  # these are shown
        except (ValueError, KeyError, TypeError, RecursionError):
            fits = False
        if fits:
            yield (*row, e["hash"], salt)
        else:
            odd.append(place)


def check_rows(rows: Iterable[Row], tenant: str = "", keep: bool = False) -> tuple[list[Run], list[str]]:
    """The runs in these rows, and what is wrong inside them; `keep` collects the hashes."""
    runs: list[Run] = []
    wrong: list[str] = []
    run: Run | None = None
    for row in rows:
        name, seq, at, event, task_id, correlation_id, body, prev, kept, salt = row
        if tenant and name != tenant:
            continue
        if run is None or run.tenant != name:
            run = Run(tenant=name, first=seq, prev=prev, first_hash=kept, last=seq, hash=kept)
            runs.append(run)
        elif seq != run.last + 1:
            wrong.append(f"{name}: entry {run.last + 1} is missing: {seq} follows {run.last}")
        elif prev != run.hash:
            wrong.append(f"{name}: entry {seq} does not link to entry {run.last}")
        over = linked_over(body, salt)
        # Written out rather than by `text_of`: this is done for every entry of every record.
        text = (
            f'[{quoted(name)},{seq},"{at:.6f}",{quoted(event)},{quoted(task_id)},{quoted(correlation_id)},'
            f"{quoted(over)},{quoted(prev)}]"
        )
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() == kept and over:
            if event == ORDER and not run.emptied.order(seq, body):
                wrong.append(f"{name}: entry {seq} ({event}) is no order that can be read")
        elif over or not body.startswith(ERASED):  # else nothing but its order can vouch for it
            wrong.append(f"{name}: entry {seq} ({event}) was changed after it was written")
        if body.startswith(ERASED):
            run.emptied.found[seq] = event, _left(row)
        run.last, run.hash = seq, kept
        run.count += 1
        if keep:
            run.hashes += bytes.fromhex(kept) if len(kept) == 64 else bytes(32)
    return runs, wrong


def _check_part(part: tuple[str, int, int, str, bool]) -> Found:
    file, start, end, tenant, keep = part
    with open(file, "rb") as handle:
        handle.seek(start)
        data = handle.read(end - start)
    odd: list[int] = []
    runs, wrong = check_rows(rows_of(data.split(b"\n"), start, odd), tenant, keep)
    return runs, wrong, odd


def _parts(file: Path) -> Iterator[tuple[int, int]]:
    """Stretches of the file that end at line ends."""
    size = file.stat().st_size
    start = 0
    with file.open("rb") as handle:
        while start < size:
            end = min(start + CHUNK, size)
            handle.seek(end)
            handle.readline()
            end = min(handle.tell(), size) if end < size else size
            yield start, end
            start = end


@dataclass
class Chain:
    """One tenant's chain as a whole."""

    tenant: str
    first: str = ""
    """hash of its first entry: which chain it is"""
    last: int = 0
    hash: str = GENESIS
    count: int = 0
    hashes: bytearray = field(default_factory=bytearray)
    emptied: Emptied = field(default_factory=Emptied)


def check_file(
    file: Path, *, tenant: str = "", jobs: int = 0, keep: bool = False, after: tuple[int, str] = (0, GENESIS)
) -> tuple[dict[str, Chain], list[str]]:
    """Every chain of an export, and what is wrong with its lines and links; `after` is the link before the first.

    Raises:
        Unusable: the file cannot be read.
    """
    chains: dict[str, Chain] = {}
    wrong: list[str] = []
    try:
        parts = [(str(file), start, end, tenant, keep) for start, end in _parts(file)]
        workers = min(jobs or os.cpu_count() or 1, len(parts))
        if workers < 2:
            found: Iterable[Found] = map(_check_part, parts)
            _join_all(found, chains, wrong, file, after)
        else:
            from concurrent.futures import ProcessPoolExecutor  # the bot signs with this file and needs no processes

            with ProcessPoolExecutor(workers) as pool:
                _join_all(pool.map(_check_part, parts), chains, wrong, file, after)
    except OSError as error:
        raise Unusable(f"cannot read {str(file)!r}: {error.strerror}; check the path") from None
    return chains, wrong


def _join_all(
    found: Iterable[Found], chains: dict[str, Chain], wrong: list[str], file: Path, after: tuple[int, str]
) -> None:
    for runs, problems, odd in found:
        wrong += problems
        wrong += [f"line {_line_at(file, place)} is no audit entry" for place in odd]
        for run in runs:
            wrong += join(chains.setdefault(run.tenant, Chain(tenant=run.tenant, last=after[0], hash=after[1])), run)


def join(chain: Chain, run: Run) -> Iterator[str]:
    """Add a run at the end of its chain; what is wrong where they meet."""
    if run.first != chain.last + 1:
        yield f"{run.tenant}: entry {chain.last + 1} is missing: {run.first} follows {chain.last}"
    elif run.prev != chain.hash:
        yield f"{run.tenant}: entry {run.first} does not link to entry {chain.last}"
    if run.first == 1:
        chain.first = run.first_hash
    chain.last, chain.hash = run.last, run.hash
    chain.count += run.count
    chain.hashes += run.hashes
    chain.emptied.join(run.emptied)


def _line_at(file: Path, place: int) -> int:
    """Which line of the file begins at this byte."""
    with file.open("rb") as handle:
        return sum(handle.read(min(CHUNK, place - at)).count(b"\n") for at in range(0, place, CHUNK)) + 1


# --- checkpoints --------------------------------------------------------------------------------------------


def key_id(public: bytes) -> str:
    """The short name of a public key: the start of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def signed_text(statement: dict[str, Any]) -> bytes:
    """What a signature is over: everything but itself, in one byte form."""
    rest = {name: value for name, value in statement.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def bad_signature(statement: dict[str, Any], keys: dict[str, bytes], revoked: Iterable[str] = ()) -> str:
    """Why nobody vouches for this statement; "" when one of the keys does and is not revoked."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    signer = str(statement.get("key_id", ""))
    if signer in set(revoked):
        return f"it is signed with key {signer}, which was revoked"
    if signer not in keys:
        return f"it is signed with key {signer!r}, which you did not give; see 'autopilot audit key'"
    try:
        signature = base64.b64decode(str(statement.get("signature", "")), validate=True)
        Ed25519PublicKey.from_public_bytes(keys[signer]).verify(signature, signed_text(statement))
    except (InvalidSignature, ValueError, binascii.Error):
        return f"its signature is not by key {signer}, or it was changed"
    return ""


def read_keys(given: Iterable[str]) -> dict[str, bytes]:
    """{key id: public key} of base64 texts and of files with one on each line (words before it are passed over).

    Raises:
        Unusable: one is no Ed25519 public key.
    """
    keys: dict[str, bytes] = {}
    for text in given:
        lines = Path(text).read_text(encoding="utf-8").splitlines() if Path(text).is_file() else [text]
        for line in filter(str.strip, lines):
            try:
                public = base64.b64decode(line.split()[-1], validate=True)
            except (ValueError, binascii.Error):
                public = b""
            if len(public) != 32:
                raise Unusable(f"{line[:60]!r} is no public key; give it as 'autopilot audit key' shows it")
            keys[key_id(public)] = public
    return keys


def read_checkpoints(file: Path) -> list[dict[str, Any]]:
    """The checkpoints of a file or folder: one JSON a line, words around it (as in a chat message) are passed over.

    Raises:
        Unusable: it cannot be read, or a line that begins like a checkpoint is none.
    """
    try:
        files = sorted(file.glob("*.json")) if file.is_dir() else [file]
        lines = [line for one in files for line in one.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"cannot read {str(file)!r}: {error}") from None
    found = []
    for line in lines:
        text = line[line.find("{") : line.rfind("}") + 1]
        if not text:
            continue
        try:
            statement = json.loads(text)
            fits = statement["kind"] == "ops-autopilot.checkpoint" and isinstance(statement["seq"], int)
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise Unusable(f"{line[:80]!r} in {str(file)!r} is no checkpoint")
        found.append(statement)
    return found


def check_checkpoint(chain: Chain | None, mark: dict[str, Any]) -> str:
    """Why a chain is not the one this checkpoint was made of; "" when it is."""
    seq, tenant = mark["seq"], mark["tenant"]
    if chain is None:
        return f"there is no entry of workspace {tenant!r} at all: the whole record is missing"
    if mark["chain"] != chain.first:
        return f"it is of another chain (begins with {mark['chain'][:12]}…, this one with {chain.first[:12] or '?'}…)"
    if chain.last < seq:
        return f"entries {chain.last + 1} to {seq} are missing: the tail was cut"
    hashes = [chain.hashes[at : at + 32].hex() for at in range((mark["from"] - 1) * 32, seq * 32, 32)]
    if len(hashes) != seq - mark["from"] + 1 or hashes[-1] != mark["hash"]:
        return f"entry {seq} is not the one that was published as {mark['hash'][:12]}…"
    if merkle_root(hashes) != mark["root"]:
        return f"entries {mark['from']} to {seq} are not those that were published"
    return ""


# --- inclusion: that an entry is under a checkpoint, without showing the others ------------------------------


def _leaf(hashed: str) -> bytes:
    return hashlib.sha256(b"\0" + bytes.fromhex(hashed)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def merkle_root(hashes: Sequence[str]) -> str:
    """The root over entry hashes, as in RFC 6962."""
    level = [_leaf(one) for one in hashes]
    while len(level) > 1:
        level = [_node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0].hex()


def merkle_path(hashes: Sequence[str], at: int) -> list[list[str]]:
    """What, besides the entry at this place, leads to the root: [side, hash] from the bottom."""
    level, path = [_leaf(one) for one in hashes], []
    while len(level) > 1:
        other = at ^ 1
        if other < len(level):
            path.append(["left" if other < at else "right", level[other].hex()])
        level = [_node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
        at //= 2
    return path


def root_of(hashed: str, path: Iterable[Sequence[str]]) -> str:
    """The root an entry's path leads to."""
    here = _leaf(hashed)
    for side, other in path:
        here = _node(bytes.fromhex(other), here) if side == "left" else _node(here, bytes.fromhex(other))
    return here.hex()


# --- evidence packs -----------------------------------------------------------------------------------------


def read_pack(place: Path) -> dict[str, bytes]:
    """The files of a pack, by name.

    Raises:
        Unusable: it is none.
    """
    try:
        if place.is_dir():
            names = [one for one in sorted(place.rglob("*")) if one.is_file()]
            return {one.relative_to(place).as_posix(): one.read_bytes() for one in names}
        with zipfile.ZipFile(place) as archive:
            if any(info.file_size > MOST_IN_PACK for info in archive.infolist()):
                raise Unusable(f"{str(place)!r} holds a file that is too large for an evidence pack")
            return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (OSError, zipfile.BadZipFile) as error:
        raise Unusable(f"cannot read {str(place)!r} as an evidence pack: {error}") from None


def check_pack(
    files: dict[str, bytes], keys: dict[str, bytes], revoked: Iterable[str] = ()
) -> tuple[list[str], list[str]]:
    """(what holds, what is wrong) in a pack."""
    try:
        return _check_pack(files, keys, set(revoked))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return [], [f"the pack is not in the form of one: {type(error).__name__} {error}"]


def _check_pack(files: dict[str, bytes], keys: dict[str, bytes], revoked: set[str]) -> tuple[list[str], list[str]]:
    good: list[str] = []
    wrong: list[str] = []
    pack = json.loads(files["pack.json"])
    if why := bad_signature(pack, keys, revoked):
        wrong.append(f"the list of the pack's files: {why}")
    else:
        good.append(f"the exporter's signature over all {len(pack['files'])} files holds (key {pack['key_id']})")
    wrong += _other_files(files, dict(pack["files"]))
    marks = {}
    for mark in json.loads(files["checkpoints.json"]):
        if why := bad_signature(mark, keys, revoked):
            wrong.append(f"checkpoint {mark.get('seq')}: {why}")
        else:
            marks[mark["seq"]] = mark
    proofs = {int(seq): proof for seq, proof in json.loads(files["proofs.json"]).items()}
    entries = [json.loads(line) for line in files["entries.jsonl"].splitlines() if line.strip()]
    proven: list[dict[str, Any]] = []
    for entry in entries:
        why = _unproven(entry, pack, proofs.get(entry["seq"]), marks)
        if why:
            wrong.append(f"entry {entry['seq']} ({entry['event']}) {why}")
        else:
            proven.append(entry)
    emptied = [entry for entry in proven if entry["body"].startswith(ERASED)]
    good.append(f"{len(proven)} of {len(entries)} entries are as they were when they were published")
    if emptied:
        good.append(f"{len(emptied)} of them were erased since: when and what they were about is proven, no more")
        wrong += _unordered(emptied, proven)
    told = "\n".join(entry["body"] for entry in proven)
    for what, found in (("sealed call", _sealed(files, wrong)), ("result", _results(files, wrong))):
        known = [one for one in found if one in told]
        wrong += [f"{what} {one[:12]}… is in no published entry" for one in found if one not in told]
        good.append(f"{len(known)} of {len(found)} {what}s are the bytes that the published entries name")
    return good, wrong


def _other_files(files: dict[str, bytes], named: dict[str, str]) -> Iterator[str]:
    for name in sorted(set(named) | set(files) - {"pack.json"}):
        if name not in files:
            yield f"{name} is missing"
        elif name not in named:
            yield f"{name} was added"
        elif hashlib.sha256(files[name]).hexdigest() != named[name]:
            yield f"{name} was changed"


def _unproven(entry: dict[str, Any], pack: dict[str, Any], proof: Any, marks: dict[int, dict[str, Any]]) -> str:
    over = linked_over(entry["body"], entry.get("salt", ""))
    text = text_of(_row({**entry, "body": over}))
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != entry["hash"] and (
        over or not entry["body"].startswith(ERASED)
    ):
        return "was changed after it was written"
    of_it = entry["task_id"] == pack["task"] or entry["event"] == ORDER
    if entry["tenant"] != pack["tenant"] or not of_it:
        return "is of another task"
    mark = marks.get(proof["checkpoint"]) if proof else None
    if mark is None:
        return "is under no valid checkpoint"
    if mark["tenant"] != entry["tenant"] or root_of(entry["hash"], proof["path"]) != mark["root"]:
        return f"is not under checkpoint {mark['seq']}"
    return ""


def _row(entry: dict[str, Any]) -> Row:
    values: Any = tuple(entry.get(name, "") for name in _NAMES)
    row: Row = values
    return row


def _unordered(emptied: list[dict[str, Any]], proven: list[dict[str, Any]]) -> Iterator[str]:
    known = Emptied(found={entry["seq"]: (entry["event"], _left(_row(entry))) for entry in emptied})
    for entry in proven:
        if entry["event"] == ORDER:
            known.order(entry["seq"], entry["body"])
    yield from known.wrong(emptied[0]["tenant"])


def _sealed(files: dict[str, bytes], wrong: list[str]) -> list[str]:
    ids = []
    for proposal in json.loads(files["proposals.json"]):
        if not proposal["sealed"]:  # erased, which the order says
            continue
        if hashlib.sha256(proposal["sealed"].encode()).hexdigest() != proposal["id"]:
            wrong.append(f"sealed call {proposal['id'][:12]}…: its bytes are not those people approved")
        ids.append(proposal["id"])
    return ids


def _results(files: dict[str, bytes], wrong: list[str]) -> list[str]:
    found = []
    for name in sorted(files):
        if name.startswith("evidence/"):
            hashed = name.removeprefix("evidence/").removesuffix(".json")
            if hashlib.sha256(files[name]).hexdigest() != hashed:
                wrong.append(f"result {hashed[:12]}… is not what was seen")
            found.append(hashed)
    return found


# --- the command --------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Check an exported audit record or an evidence pack, offline.")
    parser.add_argument("what", type=Path, help="an export (JSON Lines), or a pack (.zip or folder)")
    parser.add_argument("--checkpoints", type=Path, help="published checkpoints: a file or a folder")
    parser.add_argument("--key", action="append", default=[], help="a public key you trust, or a file of them")
    parser.add_argument("--revoked", action="append", default=[], metavar="KEY_ID", help="a key nobody may vouch with")
    parser.add_argument("--tenant", default="", help="only this workspace")
    parser.add_argument("--jobs", type=int, default=0, help="processes; default: one a core")
    given = parser.parse_args(arguments)
    try:
        keys = read_keys(given.key)
        is_pack = given.what.is_dir() or (given.what.is_file() and zipfile.is_zipfile(given.what))
        return _pack(given, keys) if is_pack else _record(given, keys)
    except Unusable as error:
        print(f"verify: {error}", file=sys.stderr)
        return 1


def _pack(given: argparse.Namespace, keys: dict[str, bytes]) -> int:
    files = read_pack(given.what)
    if not keys:
        print("verify: give the public key you trust with --key, as 'autopilot audit key' shows it", file=sys.stderr)
        return 2
    good, wrong = check_pack(files, keys, given.revoked)
    return _tell(good, wrong)


def _record(given: argparse.Namespace, keys: dict[str, bytes]) -> int:
    marks = read_checkpoints(given.checkpoints) if given.checkpoints else []
    marks = [mark for mark in marks if given.tenant in ("", mark["tenant"])]
    chains, wrong = check_file(given.what, tenant=given.tenant, jobs=given.jobs, keep=bool(marks))
    good, more = vouched(chains, marks, keys, given.revoked)
    code = _tell(good, [*wrong, *more])
    if not marks:
        print("○ a file alone cannot tell whether its tail was cut; give published --checkpoints and --key")
    return code


def vouched(
    chains: dict[str, Chain], marks: Iterable[dict[str, Any]], keys: dict[str, bytes], revoked: Iterable[str]
) -> tuple[list[str], list[str]]:
    """(what holds, what is wrong) of chains against published checkpoints."""
    good = [f"{one.tenant}: {one.count} entries{_gone(one)}; head {one.last}:{one.hash}" for one in chains.values()]
    wrong = [one for chain in chains.values() for one in chain.emptied.wrong(chain.tenant)]
    for mark in marks:
        why = bad_signature(mark, keys, revoked) or check_checkpoint(chains.get(mark["tenant"]), mark)
        name = f"{mark['tenant']}: checkpoint {mark['seq']}"
        if why:
            wrong.append(f"{name}: {why}")
        else:
            good.append(f"{name} of key {mark['key_id']} holds")
    if not chains:
        wrong.append("there are no entries")
    return good, wrong


def _gone(chain: Chain) -> str:
    return f", {len(chain.emptied.found)} of them erased" if chain.emptied.found else ""


def _tell(good: Sequence[str], wrong: Sequence[str]) -> int:
    for line in good:
        print(f"  {line}")
    for line in wrong[:MOST_NAMED]:
        print(f"✗ {line}")
    if len(wrong) > MOST_NAMED:
        print(f"✗ and {len(wrong) - MOST_NAMED} more")
    print(f"✗ {len(wrong)} broken" if wrong else "✓ everything holds")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
