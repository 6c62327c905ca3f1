"""The settings of a channel: what holds, the modal that changes it, the question before a dangerous change."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.agent.lineup import Lineup, Member
from bot.orchestrator.preferences import AUTONOMY
from bot.slack.actions import ActionId, CallbackId
from bot.slack.cards import blocks, escaping
from bot.slack.cards.blocks import Block, Card
from bot.slack.cards.submitted import FieldErrors, submitted
from bot.slack.cards.wording import shortened
from storage.channels import WORKSPACE, ChannelSettings, InForce, Mode

PROMPT = 1_500
WORDS = 300
_INHERIT = "inherit"
_OPTION = 75
"""characters Slack shows of an option"""
_HINT = "It decides which tools and skills are used, never who approves. Tasks that run keep theirs."
_ON = {"true": "on", "false": "off"}
_LOCAL = {"true": "local brains only: nothing leaves this installation", "false": "any brain"}
_HEARS = {
    "public": "only what anybody may know (a channel shared with others)",
    "internal": "what the company may know, nothing confidential",
    "confidential": "everything",
}
_MODES = {
    Mode.MENTIONS: "only when spoken to",
    Mode.BOTS: "also what other apps post (alerts)",
    Mode.EVERY: "every message that starts a thread",
}
_NO_CAP = 4
_LEVELS = {
    str(level): f"{level} · {means}" if level < _NO_CAP else f"no cap: {means}" for level, means in AUTONOMY.items()
}


class Claim(BaseModel):
    """What the question before a dangerous change carries; checked again when it comes back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    channel: str
    enabled: bool | None = None
    mode: Mode | None = None
    words: str | None = None
    autonomy: int | None = None
    per_minute: int | None = None
    prompt: str | None = None
    local_only: bool | None = None
    hears: Literal["public", "internal", "confidential"] | None = None
    agent: str | None = None

    def settings(self) -> ChannelSettings:
        return ChannelSettings(**self.model_dump(exclude={"channel"}))


def claim(metadata: str) -> Claim | None:
    """The claim in `private_metadata`; None for anything we would not have written."""
    try:
        return Claim.model_validate_json(metadata)
    except ValidationError:
        return None


def in_words(now: InForce, per_minute: int, agents: Lineup) -> Card:
    """What holds in a channel, for whoever asks; and where to change it."""
    lines = [
        f"*Here I am*  {_ON[_flag(now.enabled)]}",
        f"*Agent*  {_agent(now.agent, agents)}",
        f"*I answer*  {_MODES[now.mode]}" + (f", with one of: {escaping.prose(now.words)}" if now.words else ""),
        f"*Autonomy cap*  {_cap(now.autonomy)}",
        f"*At once*  {now.per_minute or per_minute} requests a minute",
        f"*Data*  {_LOCAL[_flag(now.local_only)]}",
        f"*May hear*  {_HEARS.get(now.hears, now.hears)}",
    ]
    if now.prompt:
        lines.append(f"*Added instructions*  {shortened(now.prompt, 600)}")
    return Card(blocks=(blocks.section("\n".join(lines)),), text="what holds in this channel")


def with_who_may(card: Card, who: str) -> Card:
    """The same for somebody who may not change it: whom to ask."""
    return Card(blocks=(*card.blocks, blocks.context(f"Changed by {escaping.prose(who)}.")), text=card.text)


def unsaved_modal(said: Sequence[Block]) -> Block:
    """A change that was not made after all."""
    return blocks.modal(
        callback_id=CallbackId.SETTINGS_SAVED, title="Not saved", blocks=said, metadata="", close="Close"
    )


def with_button(card: Card, channel: str) -> Card:
    """The same with a button that opens the modal: a mention brings no ticket for one."""
    button = blocks.button("Change settings", action_id=ActionId.SETTINGS, value=channel)
    return Card(blocks=(*card.blocks, blocks.actions("settings.buttons", [button])), text=card.text)


def settings_modal(channel: str, own: ChannelSettings, inherited: InForce, per_minute: int, agents: Lineup) -> Block:
    """One field a setting, filled with the channel's own values; `inherited` is what an empty one means."""
    whole = channel == WORKSPACE
    above = "as installed" if whole else "as the workspace"
    where = "the whole workspace; a channel's own settings come first" if whole else f"<#{channel}>"
    body = [
        blocks.section(f"Settings of {where}. Every change is on the record."),
        _choice("enabled", "Autopilot here is", _ON, own.enabled, f"{above}: {_ON[_flag(inherited.enabled)]}"),
        _choice("agent", "Agent", {one.name: _option(one) for one in agents}, own.agent,
                f"{above}: {_name(inherited.agent, agents)}", hint=_HINT),
        _choice("mode", "It answers", _MODES, own.mode, f"{above}: {_MODES[inherited.mode]}"),
        _text("words", "Filter words", own.words, "Separated by commas. Without a mention only messages with one of "
              "them are answered. Empty: all of them.", most=WORDS),
        _choice("autonomy", "Autonomy cap", _LEVELS, own.autonomy, f"{above}: {_cap(inherited.autonomy)}"),
        _number("per_minute", "Requests a minute", own.per_minute,
                f"Further ones wait their turn. Empty: {above}, {inherited.per_minute or per_minute}."),
        _choice("local_only", "Who may read it", _LOCAL, own.local_only,
                f"{above}: {_LOCAL[_flag(inherited.local_only)]}"),
        _choice("hears", "What may be said here", _HEARS, own.hears,
                f"{above}: {_HEARS.get(inherited.hears, inherited.hears)}"),
        _text("prompt", "Added instructions", own.prompt, "Added to the agent's own, for every task here.", most=PROMPT,
              lines=True),
    ]  # fmt: skip
    return blocks.modal(
        callback_id=CallbackId.SETTINGS,
        title="Workspace settings" if whole else "Channel settings",
        blocks=body,
        metadata=Claim(channel=channel).model_dump_json(exclude_none=True),
        submit="Save",
        close="Cancel",
    )


def confirm_modal(channel: str, settings: ChannelSettings, means: Sequence[str]) -> Block:
    """What the change means, and a button that says yes to it."""
    where = "the whole workspace" if channel == WORKSPACE else f"<#{channel}>"
    said = "\n".join(f"• {escaping.says(line)}" for line in means)
    return blocks.modal(
        callback_id=CallbackId.SETTINGS_CONFIRM,
        title="Are you sure?",
        blocks=[blocks.section(f"In {where} this means:\n{said}")],
        metadata=Claim(channel=channel, **asdict(settings)).model_dump_json(exclude_none=True),
        submit="Yes, change it",
        close="Back",
    )


def saved_modal(now: InForce, per_minute: int, agents: Lineup, note: str = "") -> Block:
    """What holds from now on."""
    body = [blocks.section("Saved. From now on:"), *in_words(now, per_minute, agents).blocks]
    if note:
        body.append(blocks.section(f"! {escaping.ours(note)}"))
    return blocks.modal(callback_id=CallbackId.SETTINGS_SAVED, title="Saved", blocks=body, metadata="")


def typed(state_values: object) -> ChannelSettings | FieldErrors:
    """What was chosen and typed, or what is wrong, by field."""
    values = {place.removeprefix("settings."): value for place, value in submitted(state_values).items()}
    own = {name: value.strip() for name, value in values.items() if value.strip() and value != _INHERIT}
    errors = {}
    number = own.get("per_minute", "")
    if number and not (number.isascii() and number.isdigit() and 1 <= int(number) <= 10_000):
        errors["settings.per_minute"] = "a whole number from 1 to 10,000"
    for name, known in (
        ("mode", set(Mode)),
        ("autonomy", set(_LEVELS)),
        ("enabled", set(_ON)),
        ("local_only", set(_ON)),
        ("hears", set(_HEARS)),
    ):
        if own.get(name, "") not in {"", *known}:
            errors[f"settings.{name}"] = "choose one of the list"
    for name, most in (("words", WORDS), ("prompt", PROMPT)):
        if len(own.get(name, "")) > most:
            errors[f"settings.{name}"] = f"at most {most:,} characters"
    if errors:
        return FieldErrors(errors=errors)
    return ChannelSettings(
        enabled=_read_flag(own.get("enabled")),
        mode=Mode(own["mode"]) if "mode" in own else None,
        words=own.get("words"),
        autonomy=int(own["autonomy"]) if "autonomy" in own else None,
        per_minute=int(number) if number else None,
        prompt=own.get("prompt"),
        local_only=_read_flag(own.get("local_only")),
        hears=own.get("hears"),
        agent=own.get("agent"),
    )


def _cap(level: int) -> str:
    return "none, the policy's table decides" if level == _NO_CAP else _LEVELS[str(level)]


def _name(name: str, agents: Lineup) -> str:
    return name or agents.default.name


def _agent(name: str, agents: Lineup) -> str:
    """Which agent works here, what it is for, where words go."""
    found = agents.named(name)
    if found is None:
        return f"{escaping.code(name)}, which is not installed here; choose another one"
    what = f": {shortened(found.definition.summary, 120)}" if found.definition.summary else ""
    return f"{escaping.code(found.name)}{what} ({shortened(found.data.in_words(), 200)})"


def _option(agent: Member) -> str:
    """One line of the list: what it is, and where words go."""
    said = f"{agent.name} ({agent.data.kind}): {agent.definition.summary}".removesuffix(": ")
    return said if len(said) <= _OPTION else said[: _OPTION - 1] + "…"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _read_flag(value: str | None) -> bool | None:
    return None if value is None else value == "true"


def _choice(
    name: str,
    label: str,
    options: dict[str, str] | dict[Mode, str],
    value: bool | str | int | None,
    inherit: str,
    *,
    hint: str = "",
) -> Block:
    every = [blocks.option(inherit[:1].upper() + inherit[1:], _INHERIT)]
    every += [blocks.option(text, str(key)) for key, text in options.items()]
    chosen = _INHERIT if value is None else _flag(value) if isinstance(value, bool) else str(value)
    initial = next((option for option in every if option["value"] == chosen), every[0])
    element: Block = {
        "type": "static_select",
        "action_id": ActionId.FIELD,
        "options": [*every],
        "initial_option": initial,
    }
    return _input(name, label, element, hint)


def _text(name: str, label: str, value: str | None, hint: str, *, most: int, lines: bool = False) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": ActionId.FIELD,
        "multiline": lines,
        "max_length": most,
    }
    return _input(name, label, {**element, "initial_value": value} if value else element, hint)


def _number(name: str, label: str, value: int | None, hint: str) -> Block:
    element: Block = {
        "type": "number_input",
        "action_id": ActionId.FIELD,
        "is_decimal_allowed": False,
        "min_value": "1",
        "max_value": "10000",
    }
    return _input(name, label, {**element, "initial_value": str(value)} if value else element, hint)


def _input(name: str, label: str, element: Block, hint: str = "") -> Block:
    block: Block = {
        "type": "input",
        "block_id": f"settings.{name}",
        "label": blocks.plain_text(label),
        "element": element,
        "optional": element["type"] != "static_select",
    }
    return {**block, "hint": blocks.plain_text(hint)} if hint else block
