"""One round of the inbox worker: read what is unread, plan each request, carry out what is on the allowlist."""

from collections.abc import Sequence

from bot.inbox.errors import HubTrouble
from bot.inbox.hub import Hub
from bot.inbox.lease import Held
from bot.inbox.ledger import Entry, Ledger
from bot.inbox.plan import ALLOWED, WITH_TEXT, Action, Plan, escalate
from bot.inbox.planner import Planner
from bot.inbox.report import Report, Result, Row
from bot.inbox.request import Request
from bot.inbox.tools import REASON, TOOL_OF, WAITING
from policy.mandate import unrestricted
from policy.provenance import Origin, Provenance
from policy.types import Place
from storage.records import Task, TaskState
from tools.contract import JsonObject
from tools.gateway import Gateway
from tools.outcomes import Denied, Failed, InDoubt, Outcome, Previewed, Ran
from tools.requests import RequestedCall, Scope, Then

MOST_NEW = 50
"""requests newly planned in one round; a flood waits its turn"""
AWAY = frozenset({"unreachable", "timeout", "busy", "bad_response", "refused"})
"""why a hub could not be used; nothing is lost by trying again in the next round"""
SCOPE = Scope(tools=tuple(TOOL_OF.values()), max_proposals=0)
MANDATE = unrestricted("the allowlist of the inbox worker")
UNVOUCHED = Provenance(origin=Origin.UNTRUSTED, where="a model that had read the message")
BUSY_RULES = frozenset({"deny-flood", "builtin:rate"})


class InboxWorker:
    """Works on one hub. Every write goes through the gateway: an intent row first, one key per message and action."""

    def __init__(self, *, hub: Hub, ledger: Ledger, planner: Planner, gateway: Gateway, tenant: str) -> None:
        self._hub = hub
        self._ledger = ledger
        self._planner = planner
        self._gateway = gateway
        self._tenant = tenant

    async def rehearse(self) -> Report:
        """A dry run: plans and previews everything, writes nothing to the hub."""
        task = await self._ledger.dry_task()
        return await self._round(_Rehearsal(self, task))

    async def act(self, held: Held) -> Report:
        """Carry out what is planned, each request once."""
        return await self._round(_Acting(self, held))

    async def _round(self, mode: "_Rehearsal | _Acting") -> Report:
        try:
            unread = await self._hub.unread()
        except HubTrouble as error:
            return Report(trouble=str(error))
        rows: list[Row] = []
        new = 0
        for request, twins in _once(unread.requests):
            entry = await self._ledger.find(request.id)
            if entry is None and (new := new + 1) > MOST_NEW:
                continue
            rows.append(await mode.deal_with(request, entry, twins))
        bad = f"{unread.unreadable} messages of the hub are not what its contract says" if unread.unreadable else ""
        return Report(rows=tuple(rows), trouble=bad, more=unread.more or new > MOST_NEW)

    async def plan(self, request: Request, twins: bool) -> Plan:
        """What to do about a new request; two messages under one id are nobody's to guess about."""
        return (
            escalate("the hub has two different messages under one id") if twins else await self._planner.plan(request)
        )

    async def call(
        self, task: Task, call_id: str, action: Action, request: Request, text: str, then: Then, *, untrusted: bool
    ) -> Outcome:
        """One write, through the one door. What is not on the allowlist has no tool, whoever planned it."""
        if action not in ALLOWED:
            return Denied(because=("builtin:allowlist",), message=f"{action.value!r} is nothing this worker does")
        arguments: JsonObject = {"message": request.id, "version": request.version, "seen": request.digest}
        if action in WITH_TEXT:
            arguments["text"] = text
        if action is Action.NOTE:
            arguments["waiting"] = call_id.endswith(WAITING)
        return await self._gateway.call(
            RequestedCall(
                task=task,
                scope=SCOPE,
                call_id=call_id,
                tool=TOOL_OF[action],
                arguments=arguments,
                requester=None,
                place=Place(id=self._ledger.channel, tenant=self._tenant, max_autonomy=4),
                reason_code=REASON,
                mandate=MANDATE,
                traced={"text": UNVOUCHED} if untrusted else {},
            ),
            then,
        )

    @property
    def ledger(self) -> Ledger:
        return self._ledger


class _Rehearsal:
    """Looks, and previews what would be done."""

    def __init__(self, worker: InboxWorker, task: Task) -> None:
        self._worker = worker
        self._task = task

    async def deal_with(self, request: Request, entry: Entry | None, twins: bool) -> Row:
        if entry is not None and entry.task.state is not TaskState.RUNNING:
            return _row(request, entry.plan, Result.BEFORE)
        plan = entry.plan if entry is not None else await self._worker.plan(request, twins)
        if plan.action is Action.ESCALATE:
            return _row(request, plan, Result.PEOPLE, plan.trouble)
        for action in _steps(plan):
            outcome = await self._worker.call(
                self._task,
                f"{request.id}:{action.value}",
                action,
                request,
                plan.text,
                Held(until=float("inf")),
                untrusted=plan.untrusted,
            )
            if not (isinstance(outcome, Previewed) and outcome.would == "run alone"):
                return _row(request, plan, Result.LATER, f"{action.value} would not run: {_says(outcome)}")
        return _row(request, plan, Result.WOULD, plan.trouble)


class _Acting:
    """Does it, each thing once."""

    def __init__(self, worker: InboxWorker, held: Held) -> None:
        self._worker = worker
        self._ledger = worker.ledger
        self._held = held

    async def deal_with(self, request: Request, entry: Entry | None, twins: bool) -> Row:
        self._held.check_lease()
        trouble = ""
        if entry is None:
            plan = await self._worker.plan(request, twins)
            trouble = plan.trouble
            entry = await self._ledger.put(request, plan)
        elif entry.task.state is TaskState.COMPLETED and entry.seen != request.digest:
            plan = escalate("it changed after it was dealt with")
            entry = await self._ledger.put(request, plan, after=entry)
        if entry.task.state is TaskState.ESCALATED_TO_HUMAN:
            return await self._tell_people(request, entry, trouble)
        if entry.task.state is not TaskState.RUNNING:
            return _row(request, entry.plan, Result.BEFORE)
        if entry.seen != request.digest:
            return await self._give_up(request, entry, "it changed after it was read")
        return await self._carry_out(request, entry)

    async def _carry_out(self, request: Request, entry: Entry) -> Row:
        for action in _steps(entry.plan):
            outcome = await self._worker.call(
                entry.task,
                action.value,
                action,
                request,
                entry.plan.text,
                self._held,
                untrusted=entry.plan.untrusted,
            )
            if not isinstance(outcome, Ran):
                return await self._not_done(request, entry, action, outcome)
        await self._ledger.complete(entry, f"{entry.plan.action.value}: {entry.plan.why}")
        return _row(request, entry.plan, Result.DONE)

    async def _not_done(self, request: Request, entry: Entry, action: Action, outcome: Outcome) -> Row:
        says = f"{action.value} did not happen: {_says(outcome)}"
        match outcome:
            case Failed(reason="gone"):
                await self._ledger.complete(entry, "somebody else took it off the unread ones")
                return _row(request, entry.plan, Result.DONE)
            case Failed(reason="changed"):
                return await self._give_up(request, entry, "it changed after it was read")
            case Failed(reason=reason) if reason in AWAY and not await self._ledger.begun(entry, action.value):
                return _row(request, entry.plan, Result.LATER, says)
            case Denied(because=because) if BUSY_RULES & set(because):
                return _row(request, entry.plan, Result.LATER, says)
            case InDoubt():
                doubt = f"whether {action.value} happened is in doubt"
                return await self._give_up(request, entry, doubt, trouble=f"{doubt}: {_says(outcome)}")
            case _:
                return await self._give_up(request, entry, says, trouble=says)

    async def _give_up(self, request: Request, entry: Entry, why: str, *, trouble: str = "") -> Row:
        return await self._tell_people(request, await self._ledger.escalate(entry, why), trouble)

    async def _tell_people(self, request: Request, entry: Entry, trouble: str) -> Row:
        """Leave the note on the hub, once. The list of escalations has it either way."""
        if await self._ledger.ended(entry, WAITING):
            return _row(request, entry.plan, Result.PEOPLE if trouble else Result.BEFORE, trouble)
        # A model's words about a message are half the sender's; they stay in our own list.
        text = "Waiting for people." if entry.plan.untrusted else f"Waiting for people: {entry.task.reason}."
        outcome = await self._worker.call(
            entry.task, WAITING, Action.NOTE, request, text, self._held, untrusted=entry.plan.untrusted
        )
        settled = isinstance(outcome, Ran) or (isinstance(outcome, Failed) and outcome.reason in ("gone", "changed"))
        also = "" if settled else f"the note for people was not left: {_says(outcome)}"
        return _row(request, entry.plan, Result.PEOPLE, trouble or also)


def _steps(plan: Plan) -> tuple[Action, ...]:
    """The action, and the mark that it is read: last, so that a crash before it only repeats what has a key."""
    return tuple(dict.fromkeys((plan.action, Action.MARK_READ)))


def _once(requests: Sequence[Request]) -> list[tuple[Request, bool]]:
    """Each id once, and whether there were different messages under it."""
    by_id: dict[str, list[Request]] = {}
    for request in requests:
        by_id.setdefault(request.id, []).append(request)
    return [(same[0], len({one.digest for one in same}) > 1) for same in by_id.values()]


def _says(outcome: Outcome) -> str:
    match outcome:
        case Denied(message=message) | Failed(message=message) | InDoubt(message=message):
            return message
        case Previewed(would=would):
            return f"it would {would}"
        case _:
            return type(outcome).__name__.lower()


def _row(request: Request, plan: Plan, result: Result, trouble: str = "") -> Row:
    return Row(
        message=request.id,
        sender=request.sender,
        subject=request.subject or request.body,
        action=plan.action,
        text=plan.text,
        why=plan.why,
        result=result,
        trouble=trouble,
    )
