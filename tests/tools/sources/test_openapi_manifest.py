"""What is wrong with a manifest is found at start-up, with file, place and next step."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from policy.types import Tier
from tests.tools.sources.conftest import MANIFEST, LoadOne, body_of
from tools.registry import Registry
from tools.sources.errors import SourceError
from tools.sources.openapi import load_openapi_source
from tools.sources.yaml_text import read_yaml

DRY = {"parameters": [{"name": "dry_run", "in": "query", "schema": {"type": "boolean"}}]}
POST = {"type": "object", "properties": {"post_id": {"type": "string"}, "more": {"type": "object"}}}
POSTS = {"type": "object", "properties": {"at": {"type": "string"}, "posts": {"type": "array", "items": POST}}}
ANSWERS = {**DRY, "responses": {"200": {"description": "", "content": {"application/json": {"schema": POSTS}}}}}


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        ({"http": {"operation": "doThat"}}, "x.do: http.operation: .* has no operation 'doThat'; it has: doIt"),
        ({"tier": "read"}, "is read, but 'doIt' is POST"),
        ({"tier": "sometimes"}, "tools\\[0\\] x.do: tier"),
        ({"title": "'unclosed"}, "x.do: title"),
        ({"verb": ""}, "x.do: verb: is missing"),
        ({"bounds": {"nothing": {"max": 1}}}, "has no argument 'nothing' to bound"),
        ({"surprise": 1}, "surprise"),
        ({"examples": [{"input": {"nope": 1}}]}, r"examples\[0\]: nope"),
        ({"http": {"operation": "doIt", "preview": {"dry_run": "dryrun"}}}, "the dry run would be a real run"),
        ({"http": {"operation": "doIt", "preview": {}}}, "needs either `dry_run:` or `operation:`"),
        ({"http": {"operation": "doIt", "preview": {"operation": "doIt"}}}, "looking is done with GET"),
        ({"http": {"operation": "doIt", "undo": {"tool": "x.do", "args": {}}}}, "needs `preview:`"),
        (
            {"http": {"operation": "doIt", "preview": {"dry_run": "dry_run"}, "undo": {"tool": "x.undo", "args": {}}}},
            "'x.undo' is no tool of this file",
        ),
        (
            {
                "http": {
                    "operation": "doIt",
                    "preview": {"dry_run": "dry_run"},
                    "undo": {"tool": "x.do", "args": {"y": "1"}},
                }
            },
            "gives 'y', which 'x.do' does not take",
        ),
        ({"http": {"operation": "doIt", "result": "1 +"}}, "x.do: http.result"),
        ({"trusted_fields": ["posts.[0].id"]}, "trusted_fields"),
        ({"trusted_fields": ["post_id"]}, "names 'post_id', .*'the result' has no 'post_id' there; it has: at, posts"),
        ({"trusted_fields": ["posts.post_id"]}, r"'posts' is a list there; write 'posts\[\]' for its items"),
        ({"trusted_fields": ["posts[].id"]}, r"'posts\[\]' has no 'id' there; it has: more, post_id"),
        ({"trusted_fields": ["posts"]}, r"'posts' is no single value there; name what is in it"),
        ({"trusted_fields": ["at[]"]}, "'at' is no list there"),
    ],
)
async def test_a_manifest_that_does_not_fit_is_refused(load: LoadOne, tool: dict[str, Any], says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        await load(operation=ANSWERS, tool=tool)
    assert "x.yaml" in str(caught.value) or "x.json" in str(caught.value)


async def test_a_trusted_field_may_lie_where_the_document_does_not_say(load: LoadOne) -> None:
    """An open object, or an answer of another shape by `result:`."""
    await load(operation=ANSWERS, tool={"trusted_fields": ["at", "posts[].post_id", "posts[].more.id"]})
    shaped = {"operation": "doIt", "result": "{'post_id': result.at}"}
    await load(operation=ANSWERS, tool={"trusted_fields": ["post_id"], "http": shaped})


async def test_a_tool_that_does_not_say_its_tier_is_irreversible(tmp_path: Path, load: LoadOne) -> None:
    await load()
    manifest = tmp_path / "x.yaml"
    manifest.write_text(manifest.read_text().replace("  tier: reversible\n", ""))
    async with httpx.AsyncClient() as client:
        [tool] = await load_openapi_source(manifest, environ={}, client=client)
    assert tool.manifest.tier is Tier.IRREVERSIBLE


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ({"base_url": "http://example.com"}, "host 'example.com' is not in egress"),
        ({"base_url": "http://127.0.0.1.example.com"}, "is not in egress"),
        ({"base_url": "http://127.0.0.1@example.com"}, "without user"),
        ({"base_url": "ftp://127.0.0.1"}, "http"),
        ({"auth": {"token_env": "X_TOKEN"}}, "'X_TOKEN' is not set"),
        ({"openapi": "nowhere.json"}, "cannot be read"),
        ({"openapi": "http://example.com/openapi.json"}, "is not in egress"),
        ({"openapi": "http://127.0.0.1:1/openapi.json"}, "cannot be reached.*save the document"),
    ],
)
async def test_a_service_that_cannot_be_used_is_refused(load: LoadOne, service: dict[str, Any], says: str) -> None:
    with pytest.raises(SourceError, match=says):
        await load(**service)


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '{"openapi": "2.0", "paths": {}}', "a: [", "{"])
async def test_a_document_that_is_none_is_refused(tmp_path: Path, load: LoadOne, text: str) -> None:
    await load()
    (tmp_path / "x.json").write_text(text)
    async with httpx.AsyncClient() as client:
        with pytest.raises(SourceError, match=r"x\.json"):
            await load_openapi_source(tmp_path / "x.yaml", environ={}, client=client)


async def test_the_tools_are_there_while_the_service_is_down() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        environ = {"SHOP_TOKEN": "t", "SHOP_URL": "http://127.0.0.1:1"}
        tools = await load_openapi_source(MANIFEST, environ=environ, client=client)
    assert len(tools) == 15


async def test_a_required_header_must_come_from_the_manifest(load: LoadOne) -> None:
    operation = {"parameters": [{"name": "X-Org", "in": "header", "required": True, "schema": {"type": "string"}}]}
    with pytest.raises(SourceError, match="needs the header 'X-Org'"):
        await load(operation=operation)


async def test_what_is_sent_besides_the_arguments_is_part_of_the_version(load: LoadOne) -> None:
    """A card that waits was approved for the operation and the fixed values that stood in the file then."""
    fixed = ({"dry_run": True}, {"dry_run": False})
    made = [await load(operation=DRY, tool={"http": {"operation": "doIt", "fixed": one}}) for one in fixed]
    assert len({Registry(tools).version("x.do") for tools in made}) == len(fixed)


async def test_one_name_in_two_places_is_refused(load: LoadOne) -> None:
    operation = body_of({"type": "object", "properties": {"id": {"type": "string"}}})
    operation["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    with pytest.raises(SourceError, match="'id' in two places"):
        await load(operation=operation)


def test_yaml_words_like_on_and_no_stay_words() -> None:
    assert read_yaml("{on: no, off: yes, at: 2026-01-01, true: true}") == {
        "on": "no",
        "off": "yes",
        "at": "2026-01-01",
        True: True,
    }
