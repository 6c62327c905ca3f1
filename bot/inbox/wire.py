"""The hub's JSON, as it is accepted: strict where ids and sizes matter, since the hub's content is other people's."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from bot.inbox.request import Request

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _storable(value: object) -> object:
    """Without NUL and lone surrogates: no database and no canonical JSON takes them."""
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_storable)]


class WireMessage(BaseModel):
    """One unread message. Unknown fields are the hub's business; an id is also part of a path, so it is plain."""

    model_config = ConfigDict(extra="ignore", strict=True)
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")
    sender: Text = Field(alias="from", max_length=500)
    subject: Text = Field(default="", max_length=2000)
    body: Text = ""
    version: Text = Field(min_length=1, max_length=200)

    def to_request(self) -> Request:
        return Request(id=self.id, sender=self.sender, subject=self.subject, body=self.body, version=self.version)


class WirePage(BaseModel):
    """One page of unread messages; each is checked by itself, so that one bad message does not hide the others."""

    model_config = ConfigDict(extra="ignore", strict=True)
    messages: list[JsonValue]
    next: str | None = Field(default=None, max_length=500)


class WireDone(BaseModel):
    """What the hub says after a write."""

    model_config = ConfigDict(extra="ignore", strict=True)
    id: str = Field(max_length=200)
