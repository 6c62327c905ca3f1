"""Which Python packages with tools there are, and what each of them is given."""

from collections.abc import Sequence

from bot import settings
from bot.private_files import private_files
from bot.settings import Settings
from tools.sources.confined import Files
from tools.sources.loading import Packages


def packages(config: Settings, names: Sequence[str] | None = None) -> Packages:
    """The configured packages, or these, each with its own variables of the environment."""
    environ = settings.environment()
    found = config.tool_packages if names is None else names
    given: dict[str, dict[str, str]] = {}
    for said in config.tool_environment:
        package, _, variable = said.partition(":")
        if variable in environ:
            given.setdefault(package, {})[variable] = environ[variable]
    return Packages(
        names=found,
        environ=given,
        host_network=config.tool_network == "host",
        files={name: _files(config, name) for name in found},
    )


def _files(config: Settings, package: str) -> Files | None:
    if config.tool_files == "host":
        return None

    def its(said: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path for name, _, path in (one.partition(":") for one in said) if name == package)

    return Files(reads=its(config.tool_reads), writes=its(config.tool_writes), hidden=private_files(config))
