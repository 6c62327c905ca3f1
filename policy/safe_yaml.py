"""YAML read by libyaml, which PyYAML's wheels hold: ten times as fast, and a start reads some forty files."""

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def safe_yaml(text: str | bytes) -> Any:
    """What a YAML text says; it can name no Python object.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    try:
        return yaml.load(text, Loader=SafeLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return yaml.safe_load(text)  # says more exactly where


__all__ = ["SafeLoader", "safe_yaml"]
