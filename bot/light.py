"""Keeps out what libraries import and nobody here uses: half a second and 17 MB of every start."""

import importlib
import sys
from types import ModuleType


def skip_unused() -> None:
    """Call before anything else of ours is imported. Each library is built to work without these, or never asks them.

    httpx._main is httpx's command line; httpx itself goes on without it. cel.cli is that of the expression engine,
    which imports it and then never uses it. structlog takes rich, when it is there, to print tracebacks in colour;
    ours are text. All three bring pygments along.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is Python's word for "not importable"
    sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
    if "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # as above, for the one import below
        importlib.import_module("structlog")
        del sys.modules["rich"]
