"""What app_manifest.yml asks Slack for."""

from pathlib import Path

from pydantic import BaseModel

from policy.safe_yaml import safe_yaml

MANIFEST = Path(__file__).parents[2] / "app_manifest.yml"


class _Scopes(BaseModel):
    bot: list[str]


class _Oauth(BaseModel):
    scopes: _Scopes


class _Manifest(BaseModel):
    oauth_config: _Oauth


def scopes() -> list[str]:
    """Every scope the bot uses."""
    return _Manifest.model_validate(safe_yaml(MANIFEST.read_text(encoding="utf-8"))).oauth_config.scopes.bot
