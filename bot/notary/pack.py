"""One task as an evidence pack: who saw what, what ran, who agreed, and the proof that none of it was changed since."""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import audit, checkpoints, erasing, evidence, intents, proposals, steps, tasks
from storage.canonical import canonical
from storage.checkpoints import Checkpoint, Signer, written
from storage.db import Tx
from storage.records import AuditEntry, Evidence, JsonObject, Task
from storage.tables import posts
from storage.verify_audit import merkle_path

README = """This folder is the record of one task.

  entries.jsonl     its audit entries, as they stand in the hash chain
  proofs.json       for each entry, the path to the root that a checkpoint signs (RFC 6962)
  checkpoints.json  those checkpoints; compare them with what was published elsewhere
  task.json         the request, the versions of agent and policy, and the whole transcript
  calls.json        the ledger: each call, its tool's and rules' version, who asked, who approved, what came of it
  proposals.json    the sealed calls people decided on, byte for byte, with the votes
  shown.json        which messages showed it, where
  evidence/         what tools answered, secrets masked, each under the hash of its content
  gone.json         what was erased, or dropped after its time, and when; entries that were emptied say so themselves

Check it with the verifier that 'autopilot audit verifier' prints (Python and 'cryptography' are all it needs):

  python verify.py PACK --key PUBLIC_KEY

entries.jsonl, the sealed calls and the evidence are proven by the chain; the other files by the exporter's signature.
"""


async def pack_of(tx: Tx, tenant: str, task_id: str, signer: Signer) -> dict[str, bytes]:
    """The files of a pack, by name.

    Raises:
        NotFound: no such task in this tenant.
    """
    task = await tasks.get(tx, tenant, task_id)
    entries = await audit.entries(tx, tenant, task_id=task_id, limit=1_000_000)
    entries = sorted([*entries, *await erasing.orders_of(tx, tenant, entries)], key=lambda entry: entry.seq)
    kept = await evidence.of_task(tx, tenant, task_id)
    marks = _covering(await checkpoints.of_tenant(tx, tenant), entries)
    shown = await tx.run(
        sa.select(posts.c.kind, posts.c.subject, posts.c.channel, posts.c.ts, posts.c.created_at)
        .where(posts.c.tenant == tenant, posts.c.task_id == task_id)
        .order_by(posts.c.created_at)
    )
    files = {
        "README.txt": README.encode(),
        "entries.jsonl": "".join(f"{canonical(asdict(entry))}\n" for entry in entries).encode(),
        "proofs.json": _json(await _proofs(tx, tenant, entries, marks)),
        "checkpoints.json": _json([one.statement for one in marks]),
        "task.json": _json({**asdict(task), "steps": [asdict(one) for one in await steps.of_task(tx, task)]}),
        "calls.json": _json([asdict(one) for one in await intents.of_task(tx, tenant, task_id)]),
        "proposals.json": _json(
            [
                {
                    **asdict(one),
                    "votes": [asdict(vote) for vote in await proposals.votes_on(tx, tenant, one.id)],
                }
                for one in await proposals.of_task(tx, tenant, task_id)
            ]
        ),
        "shown.json": _json([dict(row._mapping) for row in shown]),
        **{f"evidence/{one.hash}.json": _content(one) for one in kept if not one.gone},
        "gone.json": _json(_gone(task, kept)),
    }
    listed: JsonObject = {
        "v": 1,
        "kind": "ops-autopilot.evidence-pack",
        "tenant": tenant,
        "task": task_id,
        "at": f"{await tx.time():.3f}",
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    return {**files, "pack.json": written(signer.sign(listed)).encode()}


async def _proofs(tx: Tx, tenant: str, entries: Sequence[AuditEntry], marks: Sequence[Checkpoint]) -> dict[str, Any]:
    proofs: dict[str, Any] = {}
    for mark in marks:
        hashes = await checkpoints.hashes_of(tx, tenant, mark.first, mark.seq)
        for entry in entries:
            if mark.first <= entry.seq <= mark.seq:
                proofs[str(entry.seq)] = {"checkpoint": mark.seq, "path": merkle_path(hashes, entry.seq - mark.first)}
    return proofs


def _covering(marks: Sequence[Checkpoint], entries: Sequence[AuditEntry]) -> list[Checkpoint]:
    wanted = [entry.seq for entry in entries]
    return [mark for mark in marks if any(mark.first <= seq <= mark.seq for seq in wanted)]


def _gone(task: Task, kept: Sequence[Evidence]) -> list[dict[str, Any]]:
    """What this pack would hold if it had not been erased or dropped after its time, and why it does not."""
    results = [{"result": one.hash, "at": one.at, "why": one.gone} for one in kept if one.gone]
    words = [{"words": task.id, "at": task.emptied_at, "why": task.title}] if task.emptied_at else []
    return [*words, *results]


def _content(one: Evidence) -> bytes:
    """The text that its hash is over."""
    return canonical({"tool": one.tool, "label": one.label, "content": one.content, "task": one.task_id}).encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str).encode("utf-8", "surrogatepass")


def write(files: dict[str, bytes], out: Path) -> None:
    """As a zip, or as a folder when the name does not end so.

    Raises:
        OSError: it cannot be written.
    """
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files.items()):
                archive.writestr(name, content)
        return
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
