"""What the reference hub holds: messages, and everything that was done to them. In memory, gone when it stops."""

from dataclasses import dataclass, field, replace

from storage.canonical import canonical, digest


@dataclass(frozen=True, kw_only=True)
class Message:
    id: str
    sender: str
    subject: str
    body: str
    version: str
    """a hash of the content: whoever writes says which content they saw"""
    unread: bool = True


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One reply, note or mark that was taken."""

    id: str
    message: str
    what: str
    """answer | reply | progress | read"""
    text: str


class Unknown(Exception):
    """No message of this id."""


class Conflict(Exception):
    """The message changed, or a key was used for something else before."""


@dataclass
class Mailbox:
    """All messages in order of arrival, and the effects in order of doing."""

    messages: dict[str, Message] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    _keys: dict[str, tuple[str, Effect]] = field(default_factory=dict)

    def arrive(self, *, sender: str, body: str, subject: str = "", id: str = "") -> Message:
        """A new message, or new content of an old one, which is then unread again."""
        message = Message(
            id=id or f"m{len(self.messages) + 1}",
            sender=sender,
            subject=subject,
            body=body,
            version=digest(canonical([sender, subject, body]))[:16],
        )
        self.messages[message.id] = message
        return message

    def unread(self, *, after: str = "", limit: int = 100) -> tuple[list[Message], str | None]:
        """A page of unread messages, and the cursor of the next page when there is one."""
        ids = list(self.messages)
        start = ids.index(after) + 1 if after in self.messages else 0
        rest = [self.messages[one] for one in ids[start:] if self.messages[one].unread]
        page = rest[:limit]
        return page, page[-1].id if len(rest) > limit else None

    def write(self, message: str, *, what: str, text: str, version: str, key: str) -> Effect:
        """Take a reply, note or mark; the same key gives the first effect again.

        Raises:
            Unknown: no such message.
            Conflict: the message is not the one that was seen, or the key was used for another write.
        """
        asked = canonical([message, what, text])
        if (before := self._keys.get(key)) is not None:
            if before[0] != asked:
                raise Conflict("this idempotency key was used for another write")
            return before[1]
        if (found := self.messages.get(message)) is None:
            raise Unknown(f"no message {message!r}")
        if found.version != version:
            raise Conflict("the message changed; read it again")
        effect = Effect(id=f"e{len(self.effects) + 1}", message=message, what=what, text=text)
        self.effects.append(effect)
        self._keys[key] = (asked, effect)
        if what == "read":
            self.messages[message] = replace(found, unread=False)
        return effect
