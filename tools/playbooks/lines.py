"""YAML with the line each part stands in, so that an error can name it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import yaml

from tools.sources.yaml_text import read_yaml


class Located:
    """A YAML text as data. `first` is the line of the file it begins in."""

    def __init__(self, text: str, first: int = 1) -> None:
        """
        Raises:
            yaml.YAMLError: it is no YAML.
        """
        self.data: Any = read_yaml(text)
        self._text, self._first = text, first

    @cached_property
    def _node(self) -> yaml.Node | None:
        """Read a second time, and only for an error: most files have none."""
        return yaml.compose(self._text, Loader=yaml.SafeLoader)

    def line(self, place: Sequence[str | int]) -> int:
        """The line of the deepest part on the way to `place`."""
        node, found = self._node, self._first
        for key in place:
            following = _child(node, key)
            if following is None:
                break
            node, found = following, following.start_mark.line + self._first
        return found


def _child(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        child: yaml.Node = node.value[key]
        return child
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == str(key)), None)
    return None


def line_of(error: yaml.YAMLError, first: int = 1) -> int:
    """The line a YAML error complains about."""
    mark = getattr(error, "problem_mark", None)
    return first if mark is None else int(mark.line) + first
