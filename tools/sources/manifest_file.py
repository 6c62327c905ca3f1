"""A manifest file as YAML: one header, whose key says what kind of source it is, and a list of tools."""

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tools.sources.errors import SourceError
from tools.sources.yaml_text import read_yaml

Model = TypeVar("Model", bound=BaseModel)
Kind = Literal["service", "shell", "mcp", "observability"]
KINDS: tuple[Kind, ...] = ("service", "shell", "mcp", "observability")


def kind_of(path: Path) -> Kind:
    """What kind of source a file declares.

    Raises:
        SourceError: it cannot be read, or is no manifest.
    """
    raw = whole(path)
    kinds = [kind for kind in KINDS if isinstance(raw, dict) and kind in raw]
    if len(kinds) != 1:
        known = " or ".join(f"`{kind}:`" for kind in KINDS)
        raise SourceError(str(path), "top level", f"must have {known} and a list `tools:`, and nothing else")
    return kinds[0]


def entries(path: Path, kind: str) -> tuple[Any, list[Any]]:
    """The header and the tools, unchecked.

    Raises:
        SourceError: it cannot be read, or has something else at its top.
    """
    raw = whole(path)
    if not isinstance(raw, dict) or not isinstance(raw.get("tools"), list) or set(raw) != {kind, "tools"}:
        raise SourceError(str(path), "top level", f"must have `{kind}:` and a list `tools:`, and nothing else")
    return raw[kind], raw["tools"]


def valid(model: type[Model], raw: Any, path: Path, place: str) -> Model:
    """The model of it.

    Raises:
        SourceError: naming the first field that does not fit.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "value"
        raise SourceError(str(path), f"{place}: {field}", f"{first['msg'].lower()}; see tools/manifest.py") from None


def whole(path: Path) -> Any:
    """The file's YAML, unchecked.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(str(path), "file", f"cannot be read ({error}); check the path") from None
    except yaml.YAMLError as error:
        raise SourceError(str(path), _line(error), "is not YAML; check indentation and quotes there") from None


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}" if mark is not None else "file"
