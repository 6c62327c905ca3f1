"""From an exception that reached the command line to one sentence with the next step."""

import tempfile
import traceback
from pathlib import Path

import sqlalchemy as sa

from bot.agent.definition import AgentFileError
from bot.brains.errors import BrainError
from bot.console.serve import PortInUse
from bot.failed import CommandFailed
from bot.locks import Taken
from bot.schedules.cadence import BadSchedule
from bot.settings import BadSettings
from bot.starting import CannotStart
from policy.errors import PolicyError
from policy.redaction import Redactor
from storage.errors import FULL, StorageError, is_full
from tools.contract import ToolFailed
from tools.errors import ToolError
from tools.sources.errors import SourceError

KNOWN = (
    AgentFileError,
    BadSchedule,
    BadSettings,
    BrainError,
    CannotStart,
    CommandFailed,
    PolicyError,
    PortInUse,
    SourceError,
    StorageError,
    Taken,
    ToolError,
    ToolFailed,
)


def explain(error: Exception) -> str:
    """One sentence for people; what is not known is written to a file that the sentence names."""
    redactor = Redactor.default()
    if isinstance(error, KNOWN):
        return redactor.text(str(error)).text
    if is_full(error):
        return f"the database cannot be written to: {FULL}"
    if isinstance(error, sa.exc.DBAPIError | sa.exc.ArgumentError | ConnectionError):
        first = str(getattr(error, "orig", None) or error).splitlines()[0]
        return redactor.text(
            f"the database does not work: {first}; check AUTOPILOT_DATABASE_URL, then run 'autopilot doctor'"
        ).text
    details = "".join(traceback.format_exception(error))
    with tempfile.NamedTemporaryFile("w", prefix="autopilot-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write(redactor.text(details).text)
    return f"internal error ({type(error).__name__}); the details are in {Path(file.name)}, please report them"
