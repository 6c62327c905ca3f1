"""Finds the button a person means, and builds what Slack's client sends for it."""

from collections.abc import Iterator, Mapping

from bot.demo.slack.wire import Json, Refused


def all_elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Every element with the id of its block, in containers and cards too."""
    for block in blocks:
        block_id = block.get("block_id", "")
        inner = [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]
        for element in [*inner, *(block.get("actions") or [])]:
            if not isinstance(element, dict):
                continue
            if element.get("type") == "card":
                yield from all_elements([{"block_id": block_id, **element}])
            elif element.get("action_id"):
                yield block_id, element
        yield from all_elements(block.get("child_blocks") or [])


def find(blocks: list[Json], action_id: str) -> tuple[str, Json]:
    """The element and its block's id.

    Raises: Refused `action_not_found`: nobody can press a button that is not there.
    """
    known = []
    for block_id, element in all_elements(blocks):
        known.append(element["action_id"])
        if element["action_id"] == action_id:
            return block_id, element
    raise Refused("action_not_found", f"[ERROR] no element {action_id!r}; there are {known}")


def action_of(element: Json) -> Json:
    """The action object for a plain press."""
    action: Json = {"type": element["type"], "action_id": element["action_id"]}
    for name in ("text", "value", "style", "url"):
        if name in element:
            action[name] = element[name]
    return action


def values_of(view: Json, given: Mapping[str, object]) -> Json:
    """Slack's state values; a bare string is typed into the block's input or picks its option."""
    values: Json = {}
    for block_id, value in given.items():
        if not isinstance(value, str):
            values[block_id] = value
            continue
        block = next((b for b in view["blocks"] if b["block_id"] == block_id), None)
        if block is None or "element" not in block:
            raise Refused("not_found", f"[ERROR] no input block {block_id!r}")
        values[block_id] = {block["element"]["action_id"]: _typed(block["element"], value)}
    return values


def _typed(element: Json, value: str) -> Json:
    kind = element["type"]
    chosen = next((option for option in element.get("options", []) if option["value"] == value), None)
    if "options" in element and chosen is None:
        raise Refused("not_found", f"[ERROR] no option {value!r}")
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": [chosen]}
    if chosen is not None:
        return {"type": kind, "selected_option": chosen}
    return {"type": kind, {"users_select": "selected_user"}.get(kind, "value"): value}
