"""Our shapes as Cedar requests: uids are built from type and id, never by formatting text."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from policy.types import Actor, CallRequest, ParamValue

Json = str | int | bool | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One Cedar request and the few entities it speaks of."""

    request: Mapping[str, object]
    entities: str
    """JSON"""


def about_call(call: CallRequest, action: str) -> Question:
    """May this agent do this?"""
    context: dict[str, Json] = {
        "autonomy": call.autonomy,
        "channel": _ref("Channel", call.place.id),
        "risk": call.risk,
        "blast_radius": call.blast_radius,
        "untrusted": call.untrusted,
        "untrusted_params": [*sorted(set(call.trust.untrusted))],
        "guessed": call.trust.guessed,
        "dangerous": call.trust.dangerous,
        "label": call.trust.label,
        "sensitivity": call.trust.sensitivity,
        "reach": call.trust.reach,
        "undo": call.undo,
        "by_check": call.by_check,
        "reason_code": call.reason_code,
        "minute_of_day": call.minute_of_day,
        "calls_1h": call.calls_1h,
        "blast_1h": call.blast_1h,
        "frozen": call.frozen,
        "over_budget": call.over_budget,
    }
    channel: dict[str, Json] = {
        "tenant": _ref("Tenant", call.place.tenant),
        "max_autonomy": call.place.max_autonomy,
        "hears": call.place.hears,
    }
    target: dict[str, Json] = {
        "tenant": _ref("Tenant", call.tenant),
        "env": _ref("Environment", call.target.env),
        "kind": call.target.kind,
    }
    entities = [
        _entity("Agent", call.agent, {"tenant": _ref("Tenant", call.tenant)}),
        _entity("Channel", call.place.id, channel),
        _entity("Target", call.target.id, target),
    ]
    if call.requester is not None:
        context["requester"] = _ref("User", call.requester.id)
        entities.append(_user(call.requester))
    return _question(
        principal=_uid("Agent", call.agent),
        action=action,
        resource=_uid("Target", call.target.id),
        context={"call": context, "params": {name: _plain(value) for name, value in call.params.items()}},
        entities=entities,
    )


def about_vote(voter: Actor, *, requester: str | None, group: str, tenant: str, allow_requester: bool) -> Question:
    """Does this person's vote count for this group?"""
    proposal: dict[str, Json] = {
        "tenant": _ref("Tenant", tenant),
        "group": _ref("Group", group),
        "allow_requester": allow_requester,
    }
    return _about_person("approve", "ApprovalRequest", voter, requester, proposal)


def about_undo(voter: Actor, *, requester: str | None, groups: Collection[str], tenant: str) -> Question:
    """May this person press Undo?"""
    done: dict[str, Json] = {
        "tenant": _ref("Tenant", tenant),
        "groups": [_ref("Group", group) for group in sorted(groups)],
    }
    return _about_person("undo", "UndoRequest", voter, requester, done)


def _about_person(action: str, kind: str, voter: Actor, requester: str | None, about: dict[str, Json]) -> Question:
    if requester is not None:
        about["requester"] = _ref("User", requester)
    return _question(
        principal=_uid("User", voter.id),
        action=action,
        resource=_uid(kind, "it"),
        context={},
        entities=[_user(voter), _entity(kind, "it", about)],
    )


def _question(
    *,
    principal: dict[str, Json],
    action: str,
    resource: dict[str, Json],
    context: dict[str, Json],
    entities: list[Json],
) -> Question:
    return Question(
        request={
            "principal": principal,
            "action": _uid("Action", action),
            "resource": resource,
            "context": json.dumps(context),
        },
        entities=json.dumps(entities),
    )


def _user(actor: Actor) -> Json:
    about: dict[str, Json] = {"tenant": _ref("Tenant", actor.tenant), "is_bot": actor.is_bot}
    return _entity("User", actor.id, about, parents=[_uid("Group", group) for group in sorted(actor.groups)])


def _entity(kind: str, ident: str, attrs: dict[str, Json], parents: list[Json] | None = None) -> Json:
    return {"uid": _uid(kind, ident), "attrs": attrs, "parents": parents or []}


def _uid(kind: str, ident: str) -> dict[str, Json]:
    return {"type": kind, "id": ident}


def _ref(kind: str, ident: str) -> Json:
    return {"__entity": _uid(kind, ident)}


def _plain(value: ParamValue) -> Json:
    return list(value) if isinstance(value, tuple) else value
