"""The payloads Slack sends when people click, submit, close, command or use a shortcut."""

from bot.demo.slack.office import Office
from bot.demo.slack.triggers import ResponsePlace
from bot.demo.slack.wire import Json
from bot.demo.slack.workspace import Channel


def _about(office: Office, user: str) -> Json:
    person = office.person(user)
    workspace, installed = office.workspace, office.installed()
    team: Json = {"id": workspace.team_id, "domain": workspace.domain}
    enterprise: Json | None = None
    if workspace.enterprise_id:
        enterprise = {"id": workspace.enterprise_id, "name": workspace.enterprise_name}
        team |= {"enterprise_id": workspace.enterprise_id, "enterprise_name": workspace.enterprise_name}
    org = installed is not None and installed.is_org
    return {
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": team["id"]},
        "api_app_id": office.app.app_id,
        "token": "local-verification-token",
        "team": None if org else team,  # an organisation's app finds the workspace with the person
        "enterprise": enterprise,
        "is_enterprise_install": org,
    }


def response_url(office: Office, channel: Channel, user: str, message: Json | None = None) -> str:
    """A fresh response url for what this person just did."""
    about = message or {}
    place = ResponsePlace(
        channel=channel.id,
        user=user,
        made_at=office.clock.now(),
        message_ts=about.get("ts"),
        thread_ts=about.get("thread_ts"),
        is_ephemeral="ephemeral_for" in about,
    )
    return f"{office.base_url}/response/{office.triggers.new_response(place)}"


def action_in_message(
    office: Office, user: str, channel: Channel, message: Json, *, action: Json, block_id: str, state: Json
) -> Json:
    """block_actions for an element of a message."""
    ephemeral = "ephemeral_for" in message
    container: Json = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    return {
        "type": "block_actions",
        **_about(office, user),
        "container": container,
        "trigger_id": office.triggers.new(user),
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "message": {name: value for name, value in message.items() if name != "ephemeral_for"},
        "state": state,
        "response_url": response_url(office, channel, user, message),
        "actions": [{**action, "block_id": block_id, "action_ts": office.messages.next_ts()}],
    }


def action_in_view(office: Office, user: str, view: Json, *, action: Json, block_id: str, state: Json) -> Json:
    """block_actions for an element of a modal or of Home."""
    return {
        "type": "block_actions",
        **_about(office, user),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": office.triggers.new(user, view_id=view["id"]),
        "view": {**view, "state": state},
        "actions": [{**action, "block_id": block_id, "action_ts": office.messages.next_ts()}],
    }


def submission(office: Office, user: str, view: Json, state: Json) -> Json:
    return {
        "type": "view_submission",
        **_about(office, user),
        "trigger_id": office.triggers.new(user, view_id=view["id"]),
        "view": {**view, "state": state},
        "response_urls": [],
    }


def closing(office: Office, user: str, view: Json, *, cleared: bool = False) -> Json:
    return {"type": "view_closed", **_about(office, user), "view": view, "is_cleared": cleared}


def shortcut(office: Office, user: str, callback_id: str, channel: Channel, message: Json) -> Json:
    """A message shortcut, which Slack calls message_action."""
    return {
        "type": "message_action",
        **_about(office, user),
        "callback_id": callback_id,
        "trigger_id": office.triggers.new(user),
        "action_ts": office.messages.next_ts(),
        "message_ts": message["ts"],
        "response_url": response_url(office, channel, user, message),
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "message": message,
    }


def command(office: Office, user: str, channel: Channel, name: str, text: str) -> Json:
    """A slash command; every value is text, as in the form Slack posts."""
    return {
        "token": "local-verification-token",
        "team_id": office.workspace.team_id,
        "team_domain": office.workspace.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": user,
        "user_name": office.person(user).name,
        "command": name,
        "text": text,
        "api_app_id": office.app.app_id,
        **_organisation(office),
        "response_url": response_url(office, channel, user),
        "trigger_id": office.triggers.new(user),
    }


def _organisation(office: Office) -> Json:
    installed, workspace = office.installed(), office.workspace
    found: Json = {"is_enterprise_install": str(installed is not None and installed.is_org).lower()}
    if workspace.enterprise_id:
        found |= {"enterprise_id": workspace.enterprise_id, "enterprise_name": workspace.enterprise_name}
    return found
