"""How `make test` spreads over its workers. A plugin of tests/conftest.py, in each worker and in the process above."""

import fcntl
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_SLOWEST_FIRST = ("browser", "brains", "scenarios", "durability", "commands", "demo")
_WITH_LITELLM = (
    "tests/brains/test_llm_",
    "tests/scenarios/test_with_a_model",
    "::test_a_model_is_asked_one_tiny_question",
)


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
    """A file's tests stay on one worker; and all that import litellm, which costs a worker five seconds."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    spreading = LoadFileScheduling(config, log)
    file_of = spreading._split_scope
    spreading._split_scope = lambda test: "litellm" if any(part in test for part in _WITH_LITELLM) else file_of(test)
    return spreading
