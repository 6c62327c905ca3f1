"""What the hub takes and gives, as JSON."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.demo.hub.messages import Message


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class MessageOut(Strict):
    """One unread message."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")
    sender: str = Field(alias="from", max_length=500)
    subject: str = Field(max_length=2000)
    body: str
    version: str = Field(max_length=200, description="changes whenever the content does")

    @classmethod
    def of(cls, message: Message) -> "MessageOut":
        return cls(
            id=message.id,
            sender=message.sender,
            subject=message.subject,
            body=message.body,
            version=message.version,
        )


class UnreadOut(Strict):
    """A page of unread messages, oldest first."""

    messages: list[MessageOut]
    next: str | None = Field(description="give it as `after` for the next page; null on the last one")


class Versioned(Strict):
    version: str = Field(max_length=200, description="the version that was read; another one is a conflict")


class ReplyIn(Versioned):
    """An answer to a question, or a coordinating reply."""

    kind: Literal["answer", "reply"]
    text: str = Field(min_length=1, max_length=4000)


class ProgressIn(Versioned):
    """A progress note."""

    text: str = Field(min_length=1, max_length=4000)


class ReadIn(Versioned):
    """Nothing but the version."""


class Done(Strict):
    """What was taken; the same for every repetition under one key."""

    id: str


class Problem(Strict):
    error: str
    detail: str
