"""Keeps out what libraries import and nobody here uses: half a second and 18 MB of every start."""

import gc
import importlib
import linecache
import sys
from types import ModuleType

_EMPTY = {
    "slack_bolt.app.app": ("App",),
    "slack_sdk.web.client": ("WebClient",),
    "sqlalchemy.ext.asyncio.session": (
        "AsyncAttrs",
        "AsyncSession",
        "AsyncSessionTransaction",
        "async_object_session",
        "async_session",
        "async_sessionmaker",
        "close_all_sessions",
    ),
    "sqlalchemy.ext.asyncio.scoping": ("async_scoped_session",),
}


def skip_unused() -> None:
    """Call before anything else of ours is imported. Each library is built to work without these, or never asks them.

    httpx._main is httpx's command line; httpx itself goes on without it. cel.cli is that of the expression engine,
    which imports it and then never uses it. structlog takes rich, when it is there, to print tracebacks in colour;
    ours are text. All three bring pygments along. httpcore speaks HTTP/2 when h2 is there, which litellm's lock brings;
    none of our clients asks for it. Starlette reads uploads when python_multipart is there; no page of ours takes one.
    SQLAlchemy's asyncio package imports sessions, and they its whole object mapper; we use connections only. Bolt and
    Slack's SDK come as a blocking half and one for asyncio, and import both; ours is the second.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None is Python's word for "not importable"
    sys.modules.setdefault("h2", None)  # type: ignore[arg-type]
    sys.modules.setdefault("python_multipart", None)  # type: ignore[arg-type]
    sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
    if "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]  # as above, for the one import below
        importlib.import_module("structlog")
        del sys.modules["rich"]
    for module, names in _EMPTY.items():
        if module not in sys.modules:
            empty = sys.modules[module] = ModuleType(module)
            for name in names:
                setattr(empty, name, None)


def collect_rarely() -> None:
    """Call when everything is built: what is there now stays, so the collector need not walk it again.

    Worth a tenth of an ack's time and most of its worst case.
    """
    linecache.clearcache()  # sources that libraries looked at while they built their classes
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
