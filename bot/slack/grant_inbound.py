"""Pure: a press of Revoke -> our type. What does not fit is None."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from bot.slack.actions import parse_grant
from bot.slack.tenants import FromSlack


class _User(BaseModel):
    id: str


class _Action(BaseModel):
    value: str = ""


class _Body(FromSlack):
    user: _User
    actions: list[_Action]
    trigger_id: str = ""


@dataclass(frozen=True, kw_only=True)
class GrantPress:
    tenant: str
    who: str
    grant_id: str
    trigger_id: str


def grant_press(body: Mapping[str, object]) -> GrantPress | None:
    """The press, or None for a value we would not have written."""
    found = _Body.read(body)
    if found is None:
        return None
    grant_id = parse_grant(found.actions[0].value) if found.actions else None
    if grant_id is None:
        return None
    return GrantPress(tenant=found.tenant, who=found.user.id, grant_id=grant_id, trigger_id=found.trigger_id)
