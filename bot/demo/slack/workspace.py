"""Who works at the demo company, and in which channels they talk."""

from dataclasses import dataclass, field

BOT_USER = "U0PILOT"
BOT_ID = "B0PILOT"


@dataclass(frozen=True, kw_only=True)
class Person:
    id: str
    name: str
    real_name: str
    title: str = ""
    color: str = "4a154b"
    is_bot: bool = False
    tz: str = "Europe/Berlin"
    deleted: bool = False
    is_admin: bool = False


@dataclass(kw_only=True)
class Channel:
    """A conversation; members come and go, so this one is not frozen."""

    id: str
    name: str
    topic: str = ""
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_archived: bool = False
    dm_with: str | None = None
    """The person on the other end, when this is the app's DM."""

    @property
    def is_im(self) -> bool:
        return self.dm_with is not None

    @property
    def kind(self) -> str:
        """Slack's word in `channel_type` and in the names of the message events."""
        return "im" if self.is_im else "group" if self.is_private else "channel"

    @property
    def scope_word(self) -> str:
        """How the scopes of this kind of conversation begin: channels:read, groups:history, im:write."""
        return "im" if self.is_im else "groups" if self.is_private else "channels"


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    id: str
    handle: str
    name: str
    members: tuple[str, ...]


@dataclass(kw_only=True)
class Workspace:
    team_id: str
    name: str
    domain: str
    bot_user: str = BOT_USER
    bot_id: str = BOT_ID
    enterprise_id: str = ""
    """Of the organisation (Enterprise Grid) it belongs to."""
    enterprise_name: str = ""
    people: dict[str, Person]
    channels: dict[str, Channel]
    groups: dict[str, UserGroup]

    def channel(self, id_or_name: str) -> Channel | None:
        """The channel of this id or name (with or without #)."""
        if id_or_name in self.channels:
            return self.channels[id_or_name]
        name = id_or_name.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name and not c.is_im), None)

    def dm(self, user: str) -> Channel:
        """The app's DM with one person, made when it is first needed."""
        for channel in self.channels.values():
            if channel.dm_with == user:
                return channel
        channel = Channel(id=f"D{user[1:]}", name=user, dm_with=user, members={user, self.bot_user})
        self.channels[channel.id] = channel
        return channel

    def groups_of(self, user: str) -> list[str]:
        return [group.handle for group in self.groups.values() if user in group.members]


def demo_workspace(
    *,
    team_id: str = "T0ACME",
    name: str = "Acme",
    mark: str = "0",
    enterprise_id: str = "",
    enterprise_name: str = "",
) -> Workspace:
    """Acme: six channels, six people and the bot; a fresh copy on every call.

    Slack's ids are unique across workspaces: a second one gets its own `mark` in them.
    """
    bot_user = f"U{mark}PILOT"
    people = (
        Person(id=f"U{mark}ANA", name="ana", real_name="Ana Ruiz", title="On-call engineer", color="1264a3"),
        Person(
            id=f"U{mark}DANA", name="dana", real_name="Dana Okafor", title="SRE lead", color="2f6f4f", is_admin=True
        ),
        Person(id=f"U{mark}SAM", name="sam", real_name="Sam Lindqvist", title="SRE lead", color="9a5b13"),
        Person(id=f"U{mark}NOOR", name="noor", real_name="Noor Haddad", title="SRE", color="b3453f"),
        Person(id=f"U{mark}KIM", name="kim", real_name="Kim Park", title="Support", color="8e3b8a"),
        Person(id=f"U{mark}RILEY", name="riley", real_name="Riley Chen", title="Product analyst", color="5b5b66"),
        Person(id=bot_user, name="autopilot", real_name="Ops Autopilot", title="Task runner", is_bot=True),
    )
    topics = {
        "incidents": "What is broken, and who is on it",
        "ops": "Deploys, flags and everyday operations",
        "safety": "Guardrails, approvals and audits",
        "support": "What customers tell us",
        "growth": "Experiments and launches",
        "data": "Pipelines and numbers",
    }
    everyone = {person.id for person in people}
    channels = {
        f"C{mark}{called.upper()}": Channel(
            id=f"C{mark}{called.upper()}", name=called, topic=topic, members=set(everyone)
        )
        for called, topic in topics.items()
    }
    leads = (f"U{mark}DANA", f"U{mark}SAM")
    sre = (*leads, f"U{mark}NOOR")
    groups = (
        UserGroup(id=f"S{mark}OPERATORS", handle="operators", name="Operators", members=(f"U{mark}ANA", *sre)),
        UserGroup(id=f"S{mark}SRE", handle="sre", name="SRE", members=sre),
        UserGroup(id=f"S{mark}SRELEADS", handle="sre-leads", name="SRE leads", members=leads),
        UserGroup(id=f"S{mark}SUPPORT", handle="support", name="Support", members=(f"U{mark}KIM",)),
    )
    workspace = Workspace(
        team_id=team_id,
        name=name,
        domain=name.lower(),
        bot_user=bot_user,
        bot_id=f"B{mark}PILOT",
        enterprise_id=enterprise_id,
        enterprise_name=enterprise_name,
        people={person.id: person for person in people},
        channels=channels,
        groups={group.id: group for group in groups},
    )
    for person in people:
        if not person.is_bot:
            workspace.dm(person.id)
    return workspace
