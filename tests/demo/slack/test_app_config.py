"""The app's manifest decides what it may call and what it hears."""

from pathlib import Path

from bot.demo.slack.app_config import Command, Shortcut, from_manifest

MANIFEST = """
display_information: {name: Pilot}
features:
  slash_commands: [{command: /pilot, description: Ask, usage_hint: help}]
  shortcuts: [{name: Look, type: message, callback_id: look, description: Look into it}]
oauth_config: {scopes: {bot: [chat:write, commands]}}
settings: {event_subscriptions: {bot_events: [app_mention]}, socket_mode_enabled: true}
"""


def test_a_manifest_file_becomes_the_apps_rights(tmp_path: Path) -> None:
    file = tmp_path / "app_manifest.yml"
    file.write_text(MANIFEST)
    config = from_manifest(file)
    assert config.name == "Pilot"
    assert config.scopes == frozenset({"chat:write", "commands"})
    assert config.events == frozenset({"app_mention"})
    assert config.commands == (Command(command="/pilot", description="Ask", usage_hint="help"),)
    assert config.shortcuts == (Shortcut(name="Look", callback_id="look", description="Look into it"),)
