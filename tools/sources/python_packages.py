"""Toolboxes of installed packages, by the names of their entry points. Only what the operator named is imported."""

from importlib.metadata import entry_points

from tools.sources.errors import SourceError
from tools.sources.python_toolbox import Toolbox

GROUP = "ops_autopilot.tools"


def find_toolbox(name: str) -> Toolbox:
    """The toolbox of one installed package. Imports the package, so this belongs into a process of its own.

    Raises:
        SourceError: there is no such entry point, it does not import, or it is no Toolbox.
    """
    place = f"entry point {name!r}"
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        known = ", ".join(sorted({entry.name for entry in entry_points(group=GROUP)})) or "none"
        raise SourceError(place, GROUP, f"no installed package has it; there are: {known}")
    if len(found) > 1:
        raise SourceError(place, GROUP, f"{len(found)} packages have it; remove all but one")
    try:
        box = found[0].load()
    except SourceError:
        raise
    except BaseException as error:  # a package of others; whatever it does at import is said as what it is
        raise SourceError(place, found[0].value, f"cannot be imported: {type(error).__name__}: {error}") from None
    if not isinstance(box, Toolbox):
        raise SourceError(place, found[0].value, f"is a {type(box).__name__}; name a Toolbox")
    return box
