"""The rollout's gate: what must be on record before a run, and what a run puts on record."""

from bot.inbox.errors import NotYet
from bot.inbox.lease import SUBJECT
from bot.inbox.report import Report
from storage import audit, rollouts
from storage.db import Database
from storage.records import JsonObject
from storage.rollouts import NotProven, Stage

COMMAND = {
    Stage.DRY_RUN: "autopilot worker run --once --dry-run",
    Stage.MANUAL: "autopilot worker run --once --execute",
    Stage.UNATTENDED: "autopilot worker run --execute",
}


class Gate:
    """One definition of the worker on its way from dry run to unattended."""

    def __init__(self, *, db: Database, tenant: str, definition: str) -> None:
        self._db = db
        self._tenant = tenant
        self.definition = definition

    async def require(self, stage: Stage) -> None:
        """Pass when this definition may be run so.

        Raises:
            NotYet: something must be run first; the message holds the command.
        """
        async with self._db.read() as tx:
            try:
                await rollouts.require(tx, self._tenant, SUBJECT, self.definition, stage)
            except NotProven as error:
                raise NotYet(
                    f"this worker (definition {self.definition[:12]}) may not run '{COMMAND[stage]}' yet; "
                    f"first run '{COMMAND[error.need]}' until it is clean"
                ) from None

    async def started(self, stage: Stage) -> None:
        """Put on record that this definition now runs so."""
        async with self._db.write() as tx:
            body: JsonObject = {"subject": SUBJECT, "definition": self.definition, "stage": stage.value}
            await audit.append(tx, self._tenant, "ops.rollout.started", body=body)

    async def record(self, stage: Stage, report: Report) -> None:
        """Put a run on record. One that found nothing to do and had no trouble says nothing, so it is left out."""
        if not report.seen and not report.troubles:
            return
        async with self._db.write() as tx:
            await rollouts.record(
                tx,
                tenant=self._tenant,
                subject=SUBJECT,
                definition=self.definition,
                stage=stage,
                seen=report.seen,
                troubles=report.troubles,
            )
