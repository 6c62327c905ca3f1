"""Whose a payload is, in a workspace of its own and in an organisation."""

import pytest

from bot.slack.inbound import request_from_event
from bot.slack.presses import press
from bot.slack.tenants import enterprise_of, tenant_of


@pytest.mark.parametrize(
    ("body", "tenant", "enterprise"),
    [
        ({"team_id": "T1"}, "T1", ""),
        ({"team": {"id": "T1", "domain": "acme"}, "enterprise": None}, "T1", ""),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "T1", "E1"),
        ({"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T2"}}, "T2", "E1"),
        ({"team": None, "enterprise": {"id": "E1"}, "view": {"team_id": "T2"}}, "T2", "E1"),
        ({"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1"}}, "E1", "E1"),
        # a shared channel: the body names the side that wrote, the authorization the side that is ours
        ({"team_id": "T9", "authorizations": [{"team_id": "T1", "enterprise_id": "E1"}]}, "T1", "E1"),
        ({"team": {"id": "T9"}, "view": {"app_installed_team_id": "T1"}}, "T1", ""),
        ({}, "", ""),
        ({"team_id": 7, "authorizations": "no"}, "", ""),
    ],
)
def test_a_payload_names_its_workspace_or_else_its_organisation(
    body: dict[str, object], tenant: str, enterprise: str
) -> None:
    assert (tenant_of(body), enterprise_of(body)) == (tenant, enterprise)


def _mention(user_team: str) -> dict[str, object]:
    event = {"type": "app_mention", "channel": "C1", "ts": "1.2", "user": "U1", "text": "hi", "user_team": user_team}
    return {"event_id": "Ev1", "team_id": "T1", "enterprise_id": "E1", "event": event}


def test_a_person_of_the_organisation_is_ours_and_a_partner_is_not() -> None:
    assert request_from_event(_mention("E1")) is not None
    assert request_from_event(_mention("T1")) is not None
    assert request_from_event(_mention("T9")) is None


def test_a_click_without_a_team_belongs_to_its_persons_workspace() -> None:
    body = {
        "team": None,
        "enterprise": {"id": "E1"},
        "user": {"id": "U1", "team_id": "T2"},
        "actions": [{"action_id": "proposal.approve", "action_ts": "1.2", "value": f"{'a' * 64}.1"}],
    }
    found = press(body)
    assert found is not None and found.click.tenant == "T2"
    assert press({**body, "user": {"id": "U1"}, "enterprise": None}) is None
