"""Functions as tools: what a mistake in one is called, and what a call gets."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from policy.types import Tier
from tests.tools.sources.conftest import context
from tools.admitting import BadArguments, validate
from tools.contract import Impact, JsonObject, ToolContext, ToolFailed
from tools.sources.errors import SourceError
from tools.sources.python_toolbox import Toolbox

LOOK: dict[str, Any] = {"title": "'Looked'", "target": {"id": "'x'"}}
CHANGE: dict[str, Any] = {**LOOK, "says": "'Do it'", "verb": "do"}


def a_box() -> Toolbox:
    return Toolbox("box", owner="o")


async def test_a_read_is_one_typed_function() -> None:
    box = a_box()

    @box.read(**LOOK)
    async def twice(number: Annotated[int, Field(le=10)], context: ToolContext, by: int = 2) -> int:
        """Multiplies."""
        return number * by + len(context.idempotency_key)

    [tool] = box.tools()
    assert (tool.name, tool.manifest.tier, tool.manifest.summary) == ("box.twice", Tier.READ, "Multiplies.")
    call = validate(tool, {"number": 4})
    assert await tool.run(call.parsed, context("key")) == {"value": 11}
    wrongs: tuple[JsonObject, ...] = ({"number": 11}, {"number": "4"}, {"number": 4, "context": 1}, {})
    for wrong in wrongs:
        with pytest.raises(BadArguments):
            validate(tool, wrong)


def test_a_write_without_a_tier_is_irreversible() -> None:
    box = a_box()

    @box.write(**CHANGE)
    async def do() -> None:
        """Does it."""

    assert box.tools()[0].manifest.tier is Tier.IRREVERSIBLE
    with pytest.raises(SourceError, match="a write cannot be 'read'"):
        box.write(tier="read", **CHANGE)


async def test_a_preview_of_another_type_is_a_failure_that_names_it() -> None:
    box = a_box()

    @box.write(**CHANGE)
    async def do() -> None:
        """Does it."""

    @do.preview
    async def look() -> Impact:
        return {"before": 1}  # type: ignore[return-value]  # the mistake

    tool = box.tools()[0]
    assert tool.preview is not None
    with pytest.raises(ToolFailed, match=r"the preview of box\.do gave dict, not Impact") as failed:
        await tool.preview(tool.arguments(), context())
    assert not failed.value.effect_possible


def _untyped(box: Toolbox) -> None:
    @box.read(**LOOK)
    async def do(name) -> int:  # type: ignore[no-untyped-def]  # the mistake
        """Does."""
        return 1


def _no_answer(box: Toolbox) -> None:
    @box.read(**LOOK)
    async def do(name: str):  # type: ignore[no-untyped-def]  # the mistake
        """Does."""


def _blocking(box: Toolbox) -> None:
    @box.read(**LOOK)
    def do(name: str) -> int:
        """Does."""
        return 1


def _no_docstring(box: Toolbox) -> None:
    @box.read(**LOOK)
    async def do(name: str) -> int:
        return 1


def _strange_type(box: Toolbox) -> None:
    @box.read(**LOOK)
    async def do(name: Toolbox) -> int:
        """Does."""
        return 1


def _taken_name(box: Toolbox) -> None:
    @box.read(**LOOK)
    async def do(schema: str) -> int:
        """Does."""
        return 1


def _no_verb(box: Toolbox) -> None:
    @box.write(**LOOK)
    async def do(name: str) -> int:
        """Does."""
        return 1


def _unknown_field(box: Toolbox) -> None:
    @box.read(**LOOK, teir="read")
    async def do(name: str) -> int:
        """Does."""
        return 1


def _undo_alone(box: Toolbox) -> None:
    @box.write(**CHANGE)
    async def do(name: str) -> int:
        """Does."""
        return 1

    @do.undo
    def back(name: str) -> None: ...


def _unknown_argument(box: Toolbox) -> None:
    @box.write(**CHANGE)
    async def do(name: str) -> int:
        """Does."""
        return 1

    @do.verify
    async def took(nmae: str) -> None: ...


def _bad_example(box: Toolbox) -> None:
    @box.read(**LOOK, examples=[{"input": {"name": 5}}])
    async def do(name: str) -> int:
        """Does."""
        return 1


def _bad_title(box: Toolbox) -> None:
    @box.read(**{**LOOK, "title": "'Looked at ' +"})
    async def do(name: str) -> int:
        """Does."""
        return 1


def _bound_of_nothing(box: Toolbox) -> None:
    @box.read(**LOOK, bounds={"nmae": {"max": 1}})
    async def do(name: str) -> int:
        """Does."""
        return 1


class Post(BaseModel):
    post_id: str


class Posts(BaseModel):
    posts: list[Post]


def _trusts_what_is_not_there(box: Toolbox) -> None:
    @box.read(**LOOK, trusted_fields=["posts[].post_id", "post_id"])
    async def do(name: str) -> Posts:
        """Does."""
        return Posts(posts=[])


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (_untyped, "'name' has no type"),
        (_no_answer, "does not say what it returns"),
        (_blocking, "must be 'async def'"),
        (_no_docstring, "has no docstring"),
        (_strange_type, "an argument has no JSON form"),
        (_taken_name, "'schema' cannot be the name of an argument"),
        (_no_verb, "says: is missing"),
        (_unknown_field, "teir: extra inputs"),
        (_undo_alone, "an undo without a preview"),
        (_unknown_argument, "names 'nmae', which the tool has not; it has name"),
        (_bad_example, r"examples\[0\]: name: input should be a valid string"),
        (_bad_title, "title: "),
        (_trusts_what_is_not_there, "trusted_fields: names 'post_id', but in the answer 'the result' has no 'post_id'"),
        (_bound_of_nothing, "'nmae' is no argument"),
    ],
)
def test_a_mistake_is_named_with_file_and_function(mistake: Any, says: str) -> None:
    box = a_box()
    with pytest.raises(SourceError, match=says) as error:
        mistake(box)
        box.tools()
    assert error.value.file == __file__
