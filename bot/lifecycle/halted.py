"""What a task that was stopped by a halt leaves behind in its thread."""

from bot.lifecycle.moves import tell
from policy.types import Tier
from storage import intents
from storage.db import Tx
from storage.records import Intent, IntentState, Task

_CHANGED = (IntentState.RAN, IntentState.STARTED, IntentState.IN_DOUBT)


async def tell_halted(tx: Tx, task: Task, halted: str) -> None:
    """Say in the thread that it was stopped, by whom, why, and what it had changed before."""
    ledger = await intents.of_task(tx, task.tenant, task.id)
    changed = [one for one in ledger if one.tier != Tier.READ and one.state in _CHANGED]
    before = f"It had changed: {'; '.join(map(_in_words, changed))}." if changed else "It had changed nothing."
    await tell(tx, task, f"halted:{task.id}", f"{halted[:1].upper()}{halted[1:]}. {before}", kind="warning")


def _in_words(one: Intent) -> str:
    words = one.outcome or one.tool
    return words if one.state is IntentState.RAN else f"{words} (whether it took is not known)"
