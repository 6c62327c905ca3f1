"""How `make test` spreads over its workers. A plugin of tests/conftest.py, in each worker and in the process above."""

import fcntl
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_SLOWEST_FIRST = ("browser", "brains", "demo", "scenarios", "durability", "commands")
_ON_ONE_WORKER = {
    "litellm": (
        "tests/brains/test_llm_",
        "tests/scenarios/test_with_a_model",
        "::test_a_model_is_asked_one_tiny_question",
    ),
    "page": ("tests/demo/page/",),
    "mcp": ("tests/tools/sources/mcp/",),
}
"""what a worker needs for them takes seconds: an import of five, a browser and its cache, an import of one"""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Two workers collect at a time: in a fresh clone those compile all tests, and the others find that done."""
    worker = str(getattr(session.config, "workerinput", {}).get("workerid", ""))
    if not worker:
        return (yield)
    lane = _HERE / ("__init__.py" if int(worker.removeprefix("gw")) % 2 else "conftest.py")
    with lane.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # until it is closed, also by the end of this process
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests take seconds begin first: begun last, one of them would keep one worker busy and three idle."""
    place = {room: number for number, room in enumerate(_SLOWEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.relative_to(_HERE).parts[0], len(place)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests stay on one worker, and so do those of a group above."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    spreading = LoadFileScheduling(config, log)
    file_of = spreading._split_scope

    def group_of(test: str) -> str:
        groups = (name for name, parts in _ON_ONE_WORKER.items() if any(part in test for part in parts))
        return next(groups, file_of(test))

    spreading._split_scope = group_of
    return spreading
