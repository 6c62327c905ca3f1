"""Agent definitions: versioned files. The version is the hash of the content, so a changed prompt is a new agent."""

from functools import cached_property
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy.safe_yaml import safe_yaml
from storage.canonical import canonical, digest
from tools.requests import Scope

SHIPPED = Path(__file__).parent / "agents"
DEFAULT = SHIPPED / "autopilot.yaml"


class AgentFileError(Exception):
    """The agent's file cannot be used; the message names the file, the place and what to do."""


class DataPolicy(BaseModel):
    """Where what people write is processed, as it is told to them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: Literal["local", "cloud"] = "local"
    provider: str = ""
    region: str = ""

    def in_words(self) -> str:
        if self.kind == "local":
            return "local: nothing leaves this installation"
        return f"cloud: {self.provider or 'the configured provider'}" + (f", {self.region}" if self.region else "")


class Suggestion(BaseModel):
    """A request that people can press instead of typing it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str = Field(min_length=1, max_length=80)
    message: str = Field(min_length=1, max_length=500)


class AgentDefinition(BaseModel):
    """What an agent is: its charter first, which nothing it reads can override."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    summary: str = Field(default="", max_length=120)
    """what it is for, in a few words, for those who choose among agents"""
    suggestions: tuple[Suggestion, ...] = Field(default=(), max_length=4)
    """what its Messages tab offers; Slack takes four"""
    charter: tuple[str, ...]
    prompt: str
    model: str = ""
    """"" means: the installation's model, or the rules brain when there is none"""
    tools: tuple[str, ...] = ("*",)
    """names or prefixes ("shop.*") this agent may ask for"""
    skills: tuple[str, ...] = ("*",)
    """names, or beginnings ("pg-*"), of the skills it follows"""
    data_policy: DataPolicy = DataPolicy()
    max_turns: int = Field(default=24, gt=0)
    max_calls: int = Field(default=40, gt=0)
    max_tokens: int = Field(default=200_000, gt=0)
    max_seconds: float = Field(default=900.0, gt=0)
    """of work, not of waiting for people"""
    max_proposals: int = Field(default=8, gt=0)

    @cached_property
    def version(self) -> str:
        """SHA-256 of the content, 64 hex characters."""
        return digest(canonical(self.model_dump(mode="json")))

    @property
    def scope(self) -> Scope:
        """What the gateway lets this agent ask for."""
        return Scope(tools=self.tools, max_proposals=self.max_proposals)

    def reaches(self, other: "AgentDefinition") -> bool:
        """Whether it may ask for every tool that the other may."""
        return all(map(self.may_ask_for, other.tools))

    def may_ask_for(self, tool: str) -> bool:
        return self.scope.covers(tool)


def load(path: Path = DEFAULT) -> AgentDefinition:
    """The agent of this file.

    Raises:
        AgentFileError: it cannot be read, is not YAML, or a field is wrong.
    """
    try:
        return AgentDefinition.model_validate(safe_yaml(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise AgentFileError(f"cannot read the agent file {str(path)!r}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise AgentFileError(f"{path}: not YAML: {str(error).splitlines()[0]}; mend the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise AgentFileError(f"{path}: field {place!r}: {first['msg'].lower()}; mend the file") from None
