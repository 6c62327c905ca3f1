"""The manifest of a place's observability: which services there are, and what may be read. `observability:` on top."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tools.sources.errors import SourceError
from tools.sources.manifest_file import valid, whole


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(_Strict):
    """One HTTP service; only its own host is ever asked."""

    url: str = Field(pattern=r"^https?://[^/\s@?#]+(/[^\s?#]*)?$")
    token_env: str | None = None
    """name of the environment variable with its token, sent as "Authorization: Bearer …" """

    @field_validator("url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")


class Panel(_Strict):
    """One number of a dashboard."""

    title: str
    query: str
    """PromQL that gives one value"""
    unit: str = ""


class Dashboard(_Strict):
    title: str
    panels: tuple[Panel, ...] = Field(min_length=1, max_length=20)


class Observability(_Strict):
    """What there is; a part that is left out has no tools."""

    owner: str = "platform"
    env: str = "prod"
    prometheus: Service | None = None
    alertmanager: Service | None = None
    loki: Service | None = None
    traces: Service | None = None
    """answers /api/traces/ID in Jaeger's or OTLP's JSON (Jaeger, Tempo)"""
    log_files: dict[str, Path] = {}
    """name → file; no other file is ever read"""
    dashboards: dict[str, Dashboard] = {}
    """by name; each panel is asked of Prometheus"""

    def services(self) -> dict[str, Service]:
        named = (("prometheus", self.prometheus), ("alertmanager", self.alertmanager))
        more = (("loki", self.loki), ("traces", self.traces))
        return {name: service for name, service in (*named, *more) if service is not None}


def read_observability(path: Path) -> Observability:
    """The manifest in a file.

    Raises:
        SourceError: it cannot be read, or says something it must not.
    """
    raw = whole(path)
    if not isinstance(raw, dict) or set(raw) != {"observability"}:
        raise SourceError(str(path), "top level", "must have `observability:` and nothing else")
    declared = valid(Observability, raw["observability"], path, "observability")
    if declared.dashboards and declared.prometheus is None:
        raise SourceError(str(path), "dashboards", "their panels are asked of `prometheus:`, which is missing")
    return declared
