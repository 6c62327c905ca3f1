"""One unread coordination request. What people wrote in it is data, whatever it says."""

from dataclasses import dataclass

from storage.canonical import canonical, digest


@dataclass(frozen=True, kw_only=True)
class Request:
    """A message of the hub as it was when it was read."""

    id: str
    sender: str
    subject: str
    body: str
    version: str
    """the hub's own mark of this state of the message; sent back with every write"""

    @property
    def digest(self) -> str:
        """Hash of everything it says: a changed message is another one."""
        return digest(canonical([self.id, self.sender, self.subject, self.body, self.version]))

    @property
    def text(self) -> str:
        """Subject and body, as they are classified."""
        return f"{self.subject}\n{self.body}".strip()
