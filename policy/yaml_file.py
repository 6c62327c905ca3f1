"""One YAML file as one checked model; what is wrong is said with its line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from policy.errors import PolicyError
from policy.safe_yaml import safe_yaml
from policy.text_file import read_text

Model = TypeVar("Model", bound=BaseModel)

_MOST_SAID = 5


def load(model: type[Model], file: Path) -> Model:
    """The model that a file holds.

    Raises:
        PolicyError: it does not; the message names the line, the setting and the value.
    """
    try:
        text = read_text(file)
        raw = safe_yaml(text)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 0
        raise PolicyError(f"is no YAML: {broken.problem}", todo="correct it", file=file, line=line) from None
    except (OSError, yaml.YAMLError, RecursionError) as broken:
        raise PolicyError(f"cannot be read: {broken}", todo="correct it", file=file) from None
    try:
        return model.model_validate({} if raw is None else raw)
    except ValidationError as broken:
        errors = sorted(broken.errors(), key=lambda one: one["type"] == "missing")
        said = [f"{_place(error['loc'])}: {_said(dict(error))}" for error in errors[:_MOST_SAID]]
        said += [f"and {len(errors) - _MOST_SAID} more"] if len(errors) > _MOST_SAID else []
        line = _line(yaml.compose(text, Loader=yaml.SafeLoader), errors[0]["loc"])
        raise PolicyError("; ".join(said), todo="correct it", file=file, line=line) from None


def line_of(file: Path, parts: Sequence[int | str]) -> int:
    """The line, from 1, of what stands at this place of a file that was read before; 0 when it is gone."""
    try:
        return _line(yaml.compose(read_text(file), Loader=yaml.SafeLoader), parts)
    except (OSError, yaml.YAMLError):
        return 0


def _place(parts: Sequence[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".") or "file"


def _said(error: dict[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "no such setting"
    if error["type"] == "missing":
        return "is missing"
    return str(error["msg"]).removeprefix("Value error, ")


def _line(node: yaml.Node | None, parts: Sequence[int | str]) -> int:
    """1-based; that of the innermost thing on the way that is in the file."""
    line = node.start_mark.line + 1 if node is not None else 0
    for part in parts:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            if not pairs:
                continue  # a step of the model that the file has no name for
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
