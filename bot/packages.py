"""Which Python packages with tools there are, and what each of them is given."""

from collections.abc import Sequence

from bot import settings
from bot.settings import Settings
from tools.sources.loading import Packages


def packages(config: Settings, names: Sequence[str] | None = None) -> Packages:
    """The configured packages, or these, each with its own variables of the environment."""
    environ = settings.environment()
    given: dict[str, dict[str, str]] = {}
    for said in config.tool_environment:
        package, _, variable = said.partition(":")
        if variable in environ:
            given.setdefault(package, {})[variable] = environ[variable]
    return Packages(
        names=config.tool_packages if names is None else names,
        environ=given,
        host_network=config.tool_network == "host",
    )
