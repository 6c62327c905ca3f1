"""Who is who: auth.test, users.*, usergroups.*, bots.info, team.info."""

from bot.demo.slack.arguments import Args
from bot.demo.slack.methods import conversations
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office
from bot.demo.slack.wire import Json, Refused
from bot.demo.slack.workspace import Person, UserGroup


def describe(office: Office, person: Person) -> Json:
    """A user object; the address only when the app may see it."""
    profile: Json = {
        "real_name": person.real_name,
        "display_name": person.name,
        "title": person.title,
        "image_48": "",
        "team": office.workspace.team_id,
    }
    if "users:read.email" in office.app.scopes and not person.is_bot:
        profile["email"] = _address(office, person)
    if person.is_bot:
        profile |= {"bot_id": office.workspace.bot_id, "api_app_id": office.app.app_id}
    return {
        "id": person.id,
        "team_id": office.workspace.team_id,
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.deleted,
        "is_bot": person.is_bot,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_app_user": False,
        "color": person.color,
        "tz": person.tz,
        "profile": profile,
        **_of_organisation(office, person),
    }


def _of_organisation(office: Office, person: Person) -> Json:
    enterprise, team = office.workspace.enterprise_id, office.workspace.team_id
    if not enterprise:
        return {}
    return {"enterprise_user": {"id": person.id, "enterprise_id": enterprise, "teams": [team]}}


def _auth_test(office: Office, args: Args) -> Json:
    workspace = office.workspace
    return {
        "ok": True,
        "url": f"{office.base_url}/",
        "team": workspace.name,
        "user": workspace.people[workspace.bot_user].name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user,
        "bot_id": workspace.bot_id,
        **_installed(office),
    }


def _installed(office: Office) -> Json:
    installed, enterprise = office.installed(), office.workspace.enterprise_id
    org = installed is not None and installed.is_org
    return {"is_enterprise_install": org} | ({"enterprise_id": enterprise} if enterprise else {})


def _user_info(office: Office, args: Args) -> Json:
    return {"ok": True, "user": describe(office, office.person(args.need("user")))}


def _address(office: Office, person: Person) -> str:
    return f"{person.name}@{office.workspace.domain}.example"


def _user_by_email(office: Office, args: Args) -> Json:
    wanted = args.need("email").lower()
    for person in office.workspace.people.values():
        if not person.is_bot and not person.deleted and _address(office, person).lower() == wanted:
            return {"ok": True, "user": describe(office, person)}
    raise Refused("users_not_found")


def _user_list(office: Office, args: Args) -> Json:
    members = [describe(office, person) for person in office.workspace.people.values()]
    return conversations.page(members, args, key="members")


def _user_conversations(office: Office, args: Args) -> Json:
    user = args.text("user") or office.workspace.bot_user
    office.person(user)
    names = {"channel": "public_channel", "group": "private_channel", "im": "im"}
    kinds = set((args.text("types") or "public_channel").split(","))
    mine = [c for c in office.workspace.channels.values() if user in c.members and names[c.kind] in kinds]
    return conversations.page([conversations.describe(office, c) for c in mine], args, key="channels")


def _describe_group(office: Office, group: UserGroup, *, users: bool) -> Json:
    about: Json = {
        "id": group.id,
        "team_id": office.workspace.team_id,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "user_count": len(group.members),
        "date_delete": 0,
    }
    return {**about, "users": list(group.members)} if users else about


def _group_list(office: Office, args: Args) -> Json:
    users = args.flag("include_users")
    groups = [_describe_group(office, group, users=users) for group in office.workspace.groups.values()]
    return {"ok": True, "usergroups": groups}


def _group_users(office: Office, args: Args) -> Json:
    group = office.workspace.groups.get(args.need("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    return {"ok": True, "users": list(group.members)}


def _bot_info(office: Office, args: Args) -> Json:
    bot = args.text("bot")
    if bot not in (None, office.workspace.bot_id):
        raise Refused("bot_not_found")
    about = {"id": office.workspace.bot_id, "app_id": office.app.app_id, "name": office.app.name, "deleted": False}
    return {"ok": True, "bot": {**about, "user_id": office.workspace.bot_user, "icons": {}}}


def _team_info(office: Office, args: Args) -> Json:
    workspace = office.workspace
    return {
        "ok": True,
        "team": {"id": workspace.team_id, "name": workspace.name, "domain": workspace.domain, "icon": {}},
    }


METHODS = {
    "auth.test": Method(run=_auth_test),
    "users.info": Method(run=_user_info, scope="users:read"),
    "users.lookupByEmail": Method(run=_user_by_email, scope="users:read.email"),
    "users.list": Method(run=_user_list, scope="users:read"),
    "users.conversations": Method(run=_user_conversations, scope="channels:read"),
    "usergroups.list": Method(run=_group_list, scope="usergroups:read"),
    "usergroups.users.list": Method(run=_group_users, scope="usergroups:read"),
    "bots.info": Method(run=_bot_info, scope="users:read"),
    "team.info": Method(run=_team_info, scope="team:read"),
}
