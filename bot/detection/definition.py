"""What is watched: the file of AUTOPILOT_DETECTION_FILE. One entry a series, each with its own sensitivity."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class BadDetection(Exception):
    """The file cannot be used; the message names the place."""


class Kind(StrEnum):
    THRESHOLD = "threshold"
    """above or below a value"""
    RATE = "rate"
    """changes faster than so much a minute"""
    ANOMALY = "anomaly"
    """is where this series is hardly ever"""


class Sensitivity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def score(self) -> float:
        """From where on a value is out of place: the share of values a bell curve has nearer to its middle."""
        return {Sensitivity.LOW: 1 - 1e-9, Sensitivity.MEDIUM: 1 - 1e-6, Sensitivity.HIGH: 1 - 1e-4}[self]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Watch(_Strict):
    """One series."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,60}$")]
    query: str = ""
    """PromQL that gives one value; not needed for a replay"""
    channel: str = ""
    """where its incidents are worked on"""
    kind: Kind = Kind.ANOMALY
    above: float | None = None
    below: float | None = None
    per_minute: float | None = Field(default=None, gt=0)
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    window: int = Field(default=240, ge=30, le=10_000)
    """anomaly: how many points are remembered"""
    points: int = Field(default=2, ge=1, le=100)
    """so many in a row begin an incident"""
    quiet: int = Field(default=5, ge=1, le=1000)
    """so many good ones in a row end it"""

    @model_validator(mode="after")
    def _says_enough(self) -> "Watch":
        if self.kind is Kind.THRESHOLD and self.above is None and self.below is None:
            raise ValueError("a threshold needs above or below")
        if self.kind is Kind.RATE and self.per_minute is None:
            raise ValueError("a rate needs per_minute")
        return self


class Detection(_Strict):
    prometheus: str = Field(default="", pattern=r"^(https?://[^\s@?#]+)?$")
    tenant: str = ""
    """the workspace whose channels these are; needed when the bot is installed in several"""
    every_seconds: float = Field(default=30.0, ge=1)
    series: tuple[Watch, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> "Detection":
        if len({one.name for one in self.series}) < len(self.series):
            raise ValueError("two series have one name; rename one")
        return self


def read(path: Path) -> Detection:
    """The file.

    Raises:
        BadDetection: it cannot be read, or says something it must not.
    """
    try:
        return Detection.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise BadDetection(f"{path}: cannot be read ({type(error).__name__}); check path and YAML") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "top level"
        raise BadDetection(f"{path}: {place}: {first['msg'].lower()}; see docs/detection.md") from None
