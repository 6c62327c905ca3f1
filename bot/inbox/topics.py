"""The worker's fixed knowledge, from topics.yaml: what always goes to people, and the few messages it knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.inbox.errors import BadTopics
from bot.inbox.plan import LONGEST_TEXT, WITH_TEXT, Action
from storage.canonical import canonical, digest
from tools.sources.yaml_text import read_yaml

DEFAULT = Path(__file__).with_name("topics.yaml")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Topic(_Strict):
    topic: str
    words: tuple[str, ...] = Field(min_length=1)


class _Entry(_Strict):
    name: str
    action: Literal["answer", "reply", "note", "mark_read"]
    text: str = Field(default="", max_length=LONGEST_TEXT)
    sentences: tuple[str, ...] = Field(min_length=1)


class _File(_Strict):
    escalate: tuple[_Topic, ...] = Field(min_length=1)
    courtesies: tuple[str, ...] = ()
    entries: tuple[_Entry, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Something people decide about, and how it is recognised."""

    name: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class Known:
    """A kind of message the rules brain deals with by itself."""

    name: str
    action: Action
    text: str
    sentences: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True)
class Topics:
    """All of it, with the hash of the file it came from."""

    escalate: tuple[Topic, ...]
    courtesies: tuple[re.Pattern[str], ...]
    entries: tuple[Known, ...]
    version: str

    def touched(self, ways: Sequence[str]) -> tuple[str, ...]:
        """The topics for people that some reading of a text touches."""
        return tuple(topic.name for topic in self.escalate if any(topic.pattern.search(way) for way in ways))


def load(file: Path = DEFAULT) -> Topics:
    """The topics of a file.

    Raises:
        BadTopics: it cannot be read, or does not have the shape of one.
    """
    try:
        raw = read_yaml(file.read_text(encoding="utf-8"))
        found = _File.model_validate(raw)
        return Topics(
            escalate=tuple(Topic(name=one.topic, pattern=_any_of(one.words)) for one in found.escalate),
            courtesies=tuple(re.compile(one) for one in found.courtesies),
            entries=tuple(_known(one) for one in found.entries),
            version=digest(canonical(found.model_dump(mode="json"))),
        )
    except OSError as error:
        raise BadTopics(f"cannot read the topics file {str(file)!r}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise BadTopics(f"{file}: not YAML: {str(error).splitlines()[0]}; mend the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadTopics(f"{file}: {'.'.join(map(str, first['loc']))!r}: {first['msg'].lower()}; mend it") from None
    except (re.error, ValueError) as error:
        raise BadTopics(f"{file}: {error}; mend the file") from None


def _known(entry: _Entry) -> Known:
    action = Action(entry.action)
    if bool(entry.text.strip()) != (action in WITH_TEXT):
        raise ValueError(
            f"entry {entry.name!r}: {action.value!r} {'needs a' if action in WITH_TEXT else 'takes no'} text"
        )
    return Known(
        name=entry.name,
        action=action,
        text=entry.text.strip(),
        sentences=tuple(re.compile(one) for one in entry.sentences),
    )


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(_word(one) for one in words))


def _word(word: str) -> str:
    """A word or phrase as a pattern: it begins where a word begins, and ends where one ends unless it ends in `*`."""
    stem = word.casefold().rstrip("*")
    parts = [re.escape(part) for part in re.split(r"[\s_]+", stem) if part]
    end = "" if word.endswith("*") else r"(?![^\W_])"
    return r"(?<![^\W_])" + r"[\W_]+".join(parts) + end
