"""What a modal or a Home tab must look like before Slack shows it."""

import secrets

from bot.demo.slack import blocks
from bot.demo.slack.blocks import Surface
from bot.demo.slack.findings import Findings
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused


def build(office: Office, raw: object, *, view_id: str | None = None, home: bool = False) -> Json:
    """The view Slack stores for what an app sent.

    Raises: Refused `invalid_arguments`, `invalid_blocks` or `duplicate_external_id`.
    """
    if not isinstance(raw, dict):
        raise Refused("invalid_arguments", "[ERROR] missing required field: view")
    _check(raw, home=home)
    external_id = raw.get("external_id")
    taken = any(v["external_id"] == external_id and v["id"] != view_id for v in office.views.values())
    if external_id and taken:
        raise Refused("duplicate_external_id")
    view_id = view_id or f"V{secrets.token_hex(5).upper()}"
    checked = blocks.check(raw.get("blocks"), Surface.HOME if home else Surface.MODAL, old=office.old_slack)
    return {
        "id": view_id,
        "team_id": office.workspace.team_id,
        "type": raw["type"],
        "blocks": checked,
        "private_metadata": raw.get("private_metadata", ""),
        "callback_id": raw.get("callback_id", ""),
        "state": {"values": {}},
        "hash": f"{int(office.clock.now())}.{secrets.token_hex(4)}",
        "title": raw.get("title"),
        "submit": raw.get("submit"),
        "close": raw.get("close"),
        "clear_on_close": bool(raw.get("clear_on_close", False)),
        "notify_on_close": bool(raw.get("notify_on_close", False)),
        "submit_disabled": bool(raw.get("submit_disabled", False)),
        "external_id": external_id or "",
        "previous_view_id": None,
        "root_view_id": view_id,
        "app_id": office.app.app_id,
        "app_installed_team_id": office.workspace.team_id,
        "bot_id": office.workspace.bot_id,
    }


def _check(raw: Json, *, home: bool) -> None:
    found = Findings()
    if raw.get("type") != ("home" if home else "modal"):
        found.add("/view/type", "must be home" if home else "must be modal")
    if not home:
        found.text_object(raw.get("title"), "/view/title", most=24, plain=True)
    for name in ("submit", "close"):
        if raw.get(name) is not None:
            found.text_object(raw[name], f"/view/{name}", most=24, plain=True)
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if raw.get(name):
            found.text(raw[name], f"/view/{name}", most=most)
    has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in raw.get("blocks") or [])
    if has_input and not home and not raw.get("submit"):
        found.add("/view/submit", "missing required field: a view with input blocks needs submit")
    if found.errors:
        raise Refused("invalid_arguments", *found.errors)


def state_of(view: Json, given: Json) -> Json:
    """The values of every input: what was typed, else what the view came with."""
    values: Json = {}
    for block in view["blocks"]:
        elements = [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]
        for element in elements:
            if isinstance(element, dict) and (value := _initial(element)) is not None:
                typed = given.get(block["block_id"], {}).get(element["action_id"])
                values.setdefault(block["block_id"], {})[element["action_id"]] = typed or value
    return {"values": values}


def missing(view: Json, state: Json) -> dict[str, str]:
    """The required inputs that are still empty, with what Slack writes under them."""
    empty = {}
    for block in view["blocks"]:
        if block.get("type") != "input" or block.get("optional"):
            continue
        value = state["values"].get(block["block_id"], {}).get(block["element"].get("action_id"), {})
        if not any(content for name, content in value.items() if name != "type"):
            empty[block["block_id"]] = "Please complete this required field."
    return empty


_INITIAL = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


def _initial(element: Json) -> Json | None:
    kind = element.get("type", "")
    if kind not in _INITIAL:
        return None
    name, initial = _INITIAL[kind]
    empty: object = [] if name.endswith("options") or name.endswith("users") else None
    return {"type": kind, name: element.get(initial, empty)}
