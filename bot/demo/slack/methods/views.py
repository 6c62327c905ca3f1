"""views.*: modals behind single-use trigger ids, and the Home tab."""

from bot.demo.slack import view_rules
from bot.demo.slack.arguments import Args
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused

MOST_VIEWS = 3


def open_for(office: Office, user: str, raw: object, *, push: bool = False) -> Json:
    """Put a modal before a person: alone, or on top of what is open.

    Raises: Refused `push_limit_reached` and everything view_rules says.
    """
    stack = office.view_stack.setdefault(user, [])
    if push and len(stack) >= MOST_VIEWS:
        raise Refused("push_limit_reached")
    view = view_rules.build(office, raw)
    if push and stack:
        view |= {"previous_view_id": stack[-1], "root_view_id": stack[0]}
    else:
        close_all(office, user)
    office.views[view["id"]] = view
    office.view_stack.setdefault(user, []).append(view["id"])
    office.changes.publish({"type": "view", "user": user, "view": view}, only=user)
    return view


def replace(office: Office, view: Json, raw: object) -> Json:
    """The view with new content under the same id."""
    user = owner(office, view["id"])
    fresh = view_rules.build(office, raw, view_id=view["id"])
    fresh |= {"previous_view_id": view["previous_view_id"], "root_view_id": view["root_view_id"]}
    office.views[view["id"]] = fresh
    office.changes.publish({"type": "view", "user": user, "view": fresh}, only=user)
    return fresh


def owner(office: Office, view_id: str) -> str:
    """Who has the view open.

    Raises: Refused `not_found`.
    """
    for user, stack in office.view_stack.items():
        if view_id in stack:
            return user
    raise Refused("not_found")


def close(office: Office, view_id: str) -> None:
    """Take one view away; what lay under it shows again."""
    user = owner(office, view_id)
    office.view_stack[user].remove(view_id)
    del office.views[view_id]
    office.changes.publish({"type": "view_closed", "user": user, "view_id": view_id}, only=user)
    if office.view_stack[user]:
        below = office.views[office.view_stack[user][-1]]
        office.changes.publish({"type": "view", "user": user, "view": below}, only=user)


def close_all(office: Office, user: str) -> None:
    """Take every open modal away from a person."""
    for view_id in office.view_stack.pop(user, []):
        del office.views[view_id]
        office.changes.publish({"type": "view_closed", "user": user, "view_id": view_id}, only=user)


def _view(args: Args) -> Json | None:
    return args.mapping("view")


def _open(office: Office, args: Args) -> Json:
    trigger, view = args.need("trigger_id"), _view(args)
    view_rules.build(office, view)  # a view that is wrong does not spend the trigger
    user, _ = office.triggers.take(trigger)
    return {"ok": True, "view": open_for(office, user, view)}


def _push(office: Office, args: Args) -> Json:
    trigger, view = args.need("trigger_id"), _view(args)
    view_rules.build(office, view)
    user, from_view = office.triggers.take(trigger)
    if from_view is None or from_view not in office.views:
        raise Refused("not_found")
    return {"ok": True, "view": open_for(office, user, view, push=True)}


def _update(office: Office, args: Args) -> Json:
    view_id, external_id = args.text("view_id"), args.text("external_id")
    if view_id is None and external_id is None:
        raise Refused("invalid_arguments", "[ERROR] missing required field: view_id or external_id")
    by_name = next((v for v in office.views.values() if external_id and v["external_id"] == external_id), None)
    view = office.views.get(view_id) if view_id else by_name
    if view is None:
        raise Refused("not_found")
    if (expected := args.text("hash")) is not None and expected != view["hash"]:
        raise Refused("hash_conflict")
    return {"ok": True, "view": replace(office, view, _view(args))}


def _publish(office: Office, args: Args) -> Json:
    user = args.need("user_id")
    if user not in office.workspace.people:
        raise Refused("invalid_arguments", "[ERROR] user_id is not a valid user")
    before = office.homes.get(user)
    if (expected := args.text("hash")) is not None and (before is None or expected != before["hash"]):
        raise Refused("hash_conflict")
    view = view_rules.build(office, _view(args), view_id=before["id"] if before else None, home=True)
    office.homes[user] = view
    office.changes.publish({"type": "home", "user": user, "view": view}, only=user)
    return {"ok": True, "view": view}


METHODS = {
    "views.open": Method(run=_open),
    "views.push": Method(run=_push),
    "views.update": Method(run=_update),
    "views.publish": Method(run=_publish),
}
