"""From storage to what people are shown. Cards are made from the sealed bytes, never from words a model wrote."""

from collections.abc import Awaitable, Callable, Mapping

from bot.lifecycle.plans import with_calls
from bot.orchestrator.show_people import of_schedule, who_is_left
from bot.orchestrator.show_plans import whole
from bot.orchestrator.show_votes import about_factors, lines, needs_of
from bot.orchestrator.undos import UNDO_HOURS
from bot.orchestrator.views import (
    ApprovalView,
    ArgumentView,
    CardState,
    EditView,
    EvidenceLink,
    FieldView,
)
from policy.people import People
from policy.waiting import NO_GRANT
from storage import halts, posts, proposals, tasks
from storage.canonical import canonical
from storage.db import Database
from storage.errors import NotFound
from storage.records import JsonObject, Post, PostKind, Proposal, ProposalState, Task, Vote
from tools.altered import was_erased, what_moved
from tools.contract import Change, Counted
from tools.gateway import Gateway
from tools.granting import never
from tools.manifest import Bound, DryRun
from tools.registry import schema_of
from tools.sealing import SealedCall, SealedRow, open_seal

_STATES = {
    ProposalState.APPROVED: CardState.RUNNING,
    ProposalState.RUNNING: CardState.RUNNING,
    ProposalState.FAILED: CardState.FAILED,
    ProposalState.REFUSED: CardState.REFUSED,
    ProposalState.IN_DOUBT: CardState.UNKNOWN,
    ProposalState.REJECTED: CardState.REJECTED,
    ProposalState.EXPIRED: CardState.EXPIRED,
    ProposalState.SUPERSEDED: CardState.SUPERSEDED,
    ProposalState.CANCELLED: CardState.CANCELLED,
}


class Showroom:
    """Builds views. Reads only; people and groups are asked anew each time."""

    def __init__(
        self,
        db: Database,
        gateway: Gateway,
        people: People,
        evidence_url: Callable[[str], str],
        card_url: Callable[[Post], Awaitable[str]] | None = None,
    ) -> None:
        self._db, self._gateway, self._people, self._evidence_url = db, gateway, people, evidence_url
        self._card_url = card_url

    async def approval(self, tenant: str, proposal_id: str) -> ApprovalView:
        """Everything the card of this proposal shows now.

        Raises:
            NotFound: no such proposal in this tenant.
            SealBroken: its stored bytes were changed.
        """
        async with self._db.read() as tx:
            proposal = await proposals.get(tx, tenant, proposal_id)
            votes = await proposals.votes_on(tx, tenant, proposal.card_id)
            calls = await proposals.calls_of(tx, tenant, proposal_id) if proposal.is_plan else []
            task = await tasks.get(tx, tenant, proposal.task_id)
            undone = await proposals.get(tx, tenant, proposal.undone_by) if proposal.undone_by else None
            waits = proposal.state in (ProposalState.OPEN, ProposalState.APPROVED)
            halt = await halts.standing(tx, tenant) if waits else None
            undo_task = await tasks.get(tx, tenant, undone.task_id) if undone else None
            shown = await posts.showing(tx, tenant, proposal_id)
        sealed = open_seal(proposal)
        needs, silent = await needs_of(self._gateway, self._people, sealed, votes)
        asks = proposal.state is ProposalState.OPEN and proposal.plan_id is None
        left = await who_is_left(self._people, sealed, needs, votes) if asks else ()
        undo_until = None
        if proposal.state is ProposalState.RAN and sealed.undo is not None and proposal.undone_by is None:
            undo_until = (proposal.finished_at or 0) + UNDO_HOURS * 3600
        view = ApprovalView(
            proposal_id=proposal.id,
            fence=task.fence,
            state=_card_state(proposal, sealed, votes, undone, halted=halt is not None),
            says=sealed.says,
            verb=sealed.verb,
            tool=sealed.tool,
            env=sealed.env,
            tier=sealed.tier,
            arguments=tuple(
                ArgumentView(
                    name=name,
                    value=canonical(value),
                    origin=_origin(sealed, name),
                    source=_source(sealed.sources, name),
                )
                for name, value in sealed.arguments.items()
            ),
            changes=_changes(sealed.changes),
            counted=tuple(Counted(count=c.count, unit=c.unit, of=c.of) for c in sealed.counted),
            grade=DryRun(sealed.grade),
            risk=sealed.policy_risk(),
            why=sealed.why,
            asked_for=sealed.asked,
            evidence=tuple(EvidenceLink(label=e.label, url=self._evidence_url(e.hash)) for e in sealed.evidence),
            undo_says=sealed.undo.says if sealed.undo else "",
            undo_rehearsed_at=sealed.undo.rehearsed_at if sealed.undo else None,
            undo_objects=sealed.undo.objects if sealed.undo else 0,
            undo_by_check=sealed.undo is not None and sealed.undo.by_check,
            needs=needs,
            votes=lines(votes),
            requester=sealed.requester,
            expires_at=sealed.expires_at,
            proposed_at=sealed.proposed_at,
            decided_at=proposal.decided_at,
            finished_at=proposal.finished_at,
            rules=sealed_rules(sealed),
            agent=sealed.agent,
            agent_version=sealed.agent_version,
            policy_version=sealed.policy_version,
            outcome=proposal.outcome,
            halted=str(halt) if halt is not None else "",
            moved=_changes(sealed.moved),
            undo_until=undo_until,
            undone_by=undo_task.requester if undo_task else "",
            superseded_by=proposal.superseded_by or "",
            is_undo_of=proposal.undoes or "",
            notices=(
                *(f"<@{editor}> changed the values" for editor in sealed.editors),
                *(handed for post in shown if (handed := str(post.body.get("handed", "")))),
                *filter(None, [of_schedule(task, sealed) if asks else ""]),
                *(left or silent),
                *(about_factors(self._gateway, sealed) if waits else ()),
            ),
            can_hand_over=sealed.kind != "undo",
            grants=NO_GRANT if never(sealed) else self._gateway.rules.waiting.grants,
            link=await self._link(shown, task),
            waits=proposal.plan_id is not None and proposal.state is ProposalState.APPROVED,
        )
        if not proposal.is_plan:
            return view
        each = [await self.approval(tenant, call.id) for call in calls]
        return whole(view, proposal, each, (proposal.finished_at or 0) + UNDO_HOURS * 3600)

    async def altered(self, tenant: str, proposal_id: str) -> tuple[Change, ...] | None:
        """What moved in a proposal whose seal is broken, without secrets: sealed field, as it was, as it is; None when
        it was erased."""
        async with self._db.read() as tx:
            proposal = await proposals.get(tx, tenant, proposal_id)
            if await was_erased(tx, proposal):
                return None
            moved = await what_moved(tx, proposal)
        clean = [self._gateway.clean_json({"before": row.before, "after": row.after}) for row in moved]
        return tuple(
            Change(label=self._gateway.clean(row.label), before=values["before"], after=values["after"])
            for row, values in zip(moved, clean, strict=True)
        )

    async def link(self, tenant: str, proposal_id: str) -> str:
        """The address of the card in its task's thread; "" while it is not posted."""
        async with self._db.read() as tx:
            try:
                proposal = await proposals.get(tx, tenant, proposal_id)
            except NotFound:
                return ""
            task = await tasks.get(tx, tenant, proposal.task_id)
            shown = await posts.showing(tx, tenant, proposal_id)
        return await self._link(shown, task)

    async def _link(self, shown: list[Post], task: Task) -> str:
        posted = [post for post in shown if post.kind is PostKind.CARD and post.ts is not None]
        own = next((post for post in posted if post.channel == task.channel), None)
        return await self._card_url(own) if own is not None and self._card_url is not None else ""

    async def edit(self, tenant: str, proposal_id: str) -> tuple[EditView, Task]:
        """The typed fields of the Edit modal, and the task, for its fence."""
        async with self._db.read() as tx:
            proposal = await proposals.get(tx, tenant, proposal_id)
            task = await tasks.get(tx, tenant, proposal.task_id)
        sealed = open_seal(proposal)
        return EditView(proposal_id=proposal.id, fence=task.fence, says=sealed.says, fields=self.fields(sealed)), task

    async def editable(self, tenant: str, proposal_id: str) -> tuple[tuple[FieldView, ...], JsonObject]:
        """The fields a person can type, and the sealed values of all arguments."""
        async with self._db.read() as tx:
            sealed = open_seal(await proposals.get(tx, tenant, proposal_id))
        return self.fields(sealed), dict(sealed.arguments)

    async def sealed_text(self, tenant: str, proposal_id: str) -> str:
        """The sealed bytes, as text."""
        async with self._db.read() as tx:
            proposal = await proposals.get(tx, tenant, proposal_id)
            calls = await proposals.calls_of(tx, tenant, proposal_id)
        return "\n".join(one.sealed for one in [proposal, *calls])

    async def preview_now(self, tenant: str, proposal_id: str) -> str:
        """What the call would do at this moment, in one sentence."""
        async with self._db.read() as tx:
            proposal = await proposals.get(tx, tenant, proposal_id)
            task = await tasks.get(tx, tenant, proposal.task_id)
            every = await with_calls(tx, proposal)
        found = [await self._gateway.preview_again(task, open_seal(one)) for one in every]
        if not proposal.is_plan:
            return found[0]
        return " ".join(f"{place}. {said}" for place, said in enumerate(found, 1))

    def fields(self, sealed: SealedCall) -> tuple[FieldView, ...]:
        """One field for each argument a person can type; none for a plan, whose calls are edited one by one."""
        if sealed.kind == "plan":
            return ()
        tool = self._gateway.registry.get(sealed.tool)
        schema = schema_of(tool)
        required = set(schema.get("required", ()))
        out = []
        for name, prop in schema.get("properties", {}).items():
            kinds = [p for p in prop.get("anyOf", [prop]) if p.get("type") != "null"]
            kind = kinds[0] if len(kinds) == 1 else {}
            if kind.get("type") not in ("string", "integer", "number", "boolean"):
                continue
            bound = tool.manifest.bounds.get(name, Bound())
            choices = tuple(map(str, bound.one_of or kind.get("enum", ())))
            value = sealed.arguments.get(name)
            out.append(
                FieldView(
                    name=name,
                    label=name.replace("_", " "),
                    kind="choice" if choices else str(kind["type"]),
                    value="" if value is None else str(value).lower() if isinstance(value, bool) else str(value),
                    hint=_hint(prop.get("description", ""), bound),
                    choices=choices,
                    minimum=bound.min,
                    maximum=bound.max,
                    max_length=bound.max_length,
                    optional=name not in required,
                )
            )
        return tuple(out)


def sealed_rules(sealed: SealedCall) -> tuple[str, ...]:
    """The rules that asked, then those that permitted."""
    return tuple(dict.fromkeys([*(o.rule for o in sealed.obligations), *sealed.rules]))


def _origin(sealed: SealedCall, name: str) -> str:
    guesses = {slot: sealed.sources.get(slot, "the bot's choice") for slot in sealed.guesses}
    return _source({**guesses, **sealed.origins}, name)


def _source(sources: Mapping[str, str], name: str) -> str:
    """What is said of an argument's first part that something is said of."""
    of_it = (f"{name}.", f"{name}[")
    return next((where for slot, where in sources.items() if slot == name or slot.startswith(of_it)), "")


def _changes(rows: tuple[SealedRow, ...]) -> tuple[Change, ...]:
    return tuple(Change(label=row.label, before=row.before, after=row.after) for row in rows)


def _card_state(
    proposal: Proposal, sealed: SealedCall, votes: list[Vote], undone: Proposal | None, *, halted: bool
) -> CardState:
    if proposal.state is ProposalState.APPROVED and halted:
        return CardState.HALTED
    if proposal.state is ProposalState.OPEN:
        if any(vote.approve for vote in votes):
            return CardState.PARTLY_APPROVED
        return CardState.CHANGED if sealed.moved else CardState.PROPOSED
    if proposal.state is ProposalState.RAN:
        if undone is not None:
            return CardState.UNDONE if undone.state is ProposalState.RAN else CardState.UNDOING
        return CardState.VERIFIED if proposal.verified == "yes" else CardState.DONE
    return _STATES[proposal.state]


def _hint(description: str, bound: Bound) -> str:
    parts = [description.strip().rstrip(".")] if description else []
    if bound.min is not None and bound.max is not None:
        parts.append(f"{bound.min:g} to {bound.max:g}")
    elif bound.min is not None:
        parts.append(f"at least {bound.min:g}")
    elif bound.max is not None:
        parts.append(f"at most {bound.max:g}")
    if bound.max_length is not None:
        parts.append(f"at most {bound.max_length} characters")
    return "; ".join(parts)[:150]
