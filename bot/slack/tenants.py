"""Pure: whose a payload of Slack's is. In an organisation (Enterprise Grid) some name their workspace elsewhere.

A workspace is a tenant. Where Slack names none, as on some pages of a whole organisation, the organisation is.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ValidationError, model_validator


def _id(value: object) -> str:
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""


def _authorized(body: Mapping[str, object]) -> Mapping[str, object]:
    """Whom Slack shows this event for; in a shared channel the rest of the body may name the other side."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, Mapping) else {}


def tenant_of(body: Mapping[str, object]) -> str:
    """The workspace's id (T…), else the organisation's (E…), else ""."""
    view, user, event = body.get("view"), body.get("user"), body.get("event")
    places = (
        view.get("app_installed_team_id") if isinstance(view, Mapping) else None,
        body.get("team"),
        _authorized(body).get("team_id"),
        body.get("team_id"),
        user.get("team_id") if isinstance(user, Mapping) else None,
        view.get("team_id") if isinstance(view, Mapping) else None,
        event.get("team_id") if isinstance(event, Mapping) else None,
        enterprise_of(body),
    )
    return next((found for place in places if (found := _id(place))), "")


def enterprise_of(body: Mapping[str, object]) -> str:
    """The organisation's id, or "" outside of one."""
    team = body.get("team")
    places = (
        body.get("enterprise"),
        _authorized(body).get("enterprise_id"),
        body.get("enterprise_id"),
        team.get("enterprise_id") if isinstance(team, Mapping) else None,
    )
    return next((found for place in places if (found := _id(place))), "")


class FromSlack(BaseModel):
    """A payload with its tenant."""

    tenant: str
    enterprise: str = ""

    @classmethod
    def read(cls, body: Mapping[str, object]) -> Self | None:
        """The payload in this shape; None when it has another."""
        try:
            return cls.model_validate(body)
        except ValidationError:
            return None

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, body: object) -> object:
        if not isinstance(body, Mapping):
            return body
        found = tenant_of(body)
        return {**body, "tenant": found or None, "enterprise": enterprise_of(body)}

    def is_ours(self, team: str) -> bool:
        """Whether a person of this team (or organisation; "" when unsaid) belongs here, rather than to a partner."""
        return team in ("", self.tenant, self.enterprise)
