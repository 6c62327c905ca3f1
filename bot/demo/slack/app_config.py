"""What the app asked Slack for: scopes, events, commands, shortcuts; and the secrets it got."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from policy.safe_yaml import safe_yaml

DEFAULT_SCOPES = frozenset(
    (
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
    )
)
DEFAULT_EVENTS = frozenset(
    (
        "agent_session_stopped",
        "app_home_opened",
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
        "reaction_added",
    )
)


@dataclass(frozen=True, kw_only=True)
class Command:
    command: str
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    name: str
    callback_id: str
    type: str = "message"
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class AppConfig:
    """One installed app. The tokens are made up: they open nothing but this server."""

    app_id: str = "A0PILOT"
    name: str = "autopilot"
    scopes: frozenset[str] = DEFAULT_SCOPES
    events: frozenset[str] = DEFAULT_EVENTS
    commands: tuple[Command, ...] = (
        Command(command="/autopilot", description="Ask Autopilot", usage_hint="help | ask …"),
    )
    shortcuts: tuple[Shortcut, ...] = ()
    request_url: str | None = None
    """Where signed HTTP requests go; None means Socket Mode."""
    redirect_urls: tuple[str, ...] = ()
    """where "Add to Slack" may send a browser back to"""
    token_rotation: bool = False
    """bot tokens live for twelve hours and are refreshed"""
    installed: bool = True
    """the first workspace has the app, with `bot_token`"""
    client_id: str = "100.200"
    client_secret: str = "local-client-secret"  # noqa: S105 - opens only this server
    bot_token: str = "xoxb-local-0001"  # noqa: S105 - opens only this server
    app_token: str = "xapp-1-A0PILOT-local-0001"  # noqa: S105 - opens only this server
    signing_secret: str = "local-signing-secret"  # noqa: S105 - opens only this server


class _ManifestCommand(BaseModel):
    command: str
    description: str = ""
    usage_hint: str = ""


class _ManifestShortcut(BaseModel):
    name: str
    type: str
    callback_id: str
    description: str = ""


class _Features(BaseModel):
    slash_commands: Sequence[_ManifestCommand] = ()
    shortcuts: Sequence[_ManifestShortcut] = ()


class _Scopes(BaseModel):
    bot: list[str] = Field(default_factory=list)


class _Oauth(BaseModel):
    scopes: _Scopes = _Scopes()


class _Subscriptions(BaseModel):
    bot_events: list[str] = Field(default_factory=list)


class _Settings(BaseModel):
    event_subscriptions: _Subscriptions = _Subscriptions()


class _Manifest(BaseModel):
    display_information: dict[str, Any] = Field(default_factory=dict)
    features: _Features = _Features()
    oauth_config: _Oauth = _Oauth()
    settings: _Settings = _Settings()


def from_manifest(path: Path, *, request_url: str | None = None, **more: Any) -> AppConfig:
    """The app as its app_manifest.yml describes it; `more` are fields of AppConfig.

    Raises: pydantic.ValidationError when the file is not a Slack manifest.
    """
    manifest = _Manifest.model_validate(safe_yaml(path.read_text(encoding="utf-8")))
    return AppConfig(
        name=str(manifest.display_information.get("name", "autopilot")),
        scopes=frozenset(manifest.oauth_config.scopes.bot),
        events=frozenset(manifest.settings.event_subscriptions.bot_events),
        commands=tuple(Command(**command.model_dump()) for command in manifest.features.slash_commands),
        shortcuts=tuple(Shortcut(**shortcut.model_dump()) for shortcut in manifest.features.shortcuts),
        request_url=request_url,
        **more,
    )
