"""The rules of buttons, menus and inputs inside blocks."""

from bot.demo.slack.findings import Findings
from bot.demo.slack.wire import Json

_SELECTS = frozenset(
    {"static_select", "users_select", "conversations_select", "channels_select", "external_select"}
    | {"multi_static_select", "multi_users_select", "multi_conversations_select", "multi_channels_select"}
    | {"multi_external_select"}
)
_PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"})
_TYPED = frozenset(
    {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input"}
)
IN_ACTIONS = _SELECTS | _PICKERS | {"button", "overflow", "rich_text_input", "workflow_button"}
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = _SELECTS | _PICKERS | _TYPED
CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})


def check_element(element: object, at: str, found: Findings, kinds: frozenset[str]) -> None:
    """Look at one element; mistakes go to `found`."""
    if not isinstance(element, dict):
        return found.add(at, "missing required field" if element is None else "must be an object")
    kind = element.get("type")
    if kind not in kinds:
        return found.add(f"{at}/type", f"unsupported type: {kind}")
    if kind == "image":
        return found.text(element.get("alt_text"), f"{at}/alt_text", most=2000, count=False)
    _check_action_id(element, at, found)
    _check_kind(element, kind, at, found)
    if "placeholder" in element:
        found.text_object(element["placeholder"], f"{at}/placeholder", most=150, plain=True)
    if "confirm" in element:
        _confirm(element["confirm"], f"{at}/confirm", found)
    return None


def _check_kind(element: Json, kind: str, at: str, found: Findings) -> None:
    match kind:
        case "button" | "workflow_button":
            _button(element, at, found)
        case "feedback_buttons":
            for name in ("positive_button", "negative_button"):
                inner = element.get(name)
                inner = inner if isinstance(inner, dict) else {}
                found.text_object(inner.get("text"), f"{at}/{name}/text", most=75, plain=True)
                found.text(inner.get("value"), f"{at}/{name}/value", most=2000, count=False)
        case "icon_button":
            found.text_object(element.get("text"), f"{at}/text", most=75, plain=True)
        case "overflow":
            _options(element, at, found, most=5)
        case "checkboxes" | "radio_buttons":
            _options(element, at, found, most=10)
        case "static_select" | "multi_static_select":
            _groups_or_options(element, at, found)
        case _:
            pass


def _check_action_id(element: Json, at: str, found: Findings) -> None:
    if (action_id := element.get("action_id")) is None:
        return
    found.text(action_id, f"{at}/action_id", most=255, count=False)
    if action_id in found.action_ids:
        found.add(f"{at}/action_id", f"`action_id` must be unique within the block: {action_id}")
    found.action_ids.add(str(action_id))


def _button(element: Json, at: str, found: Findings) -> None:
    found.text_object(element.get("text"), f"{at}/text", most=75, plain=True)
    if "value" in element:
        found.text(element["value"], f"{at}/value", most=2000, count=False)
    if "url" in element:
        found.text(element["url"], f"{at}/url", most=3000, count=False)
    if element.get("style") not in (None, "primary", "danger"):
        found.add(f"{at}/style", "must be primary or danger")


def _groups_or_options(element: Json, at: str, found: Findings) -> None:
    if "option_groups" not in element:
        return _options(element, at, found, most=100)
    for number, group in enumerate(found.array(element["option_groups"], f"{at}/option_groups", most=100, least=1)):
        if isinstance(group, dict):
            found.text_object(group.get("label"), f"{at}/option_groups/{number}/label", most=75, plain=True)
            _options(group, f"{at}/option_groups/{number}", found, most=100)
    return None


def _options(element: Json, at: str, found: Findings, *, most: int) -> None:
    for number, option in enumerate(found.array(element.get("options"), f"{at}/options", most=most, least=1)):
        place = f"{at}/options/{number}"
        if not isinstance(option, dict):
            found.add(place, "must be an object")
            continue
        found.text_object(option.get("text"), f"{place}/text", most=75)
        found.text(option.get("value"), f"{place}/value", most=150, count=False)
        if "description" in option:
            found.text_object(option["description"], f"{place}/description", most=75)


def _confirm(confirm: object, at: str, found: Findings) -> None:
    if not isinstance(confirm, dict):
        return found.add(at, "must be an object")
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        if name in confirm:
            found.text_object(confirm[name], f"{at}/{name}", most=most, plain=True)
    return found.text_object(confirm.get("text"), f"{at}/text", most=300)
