"""The OpenAPI document: committed as served, and true."""

import json
import re
from pathlib import Path

import httpx

from bot.demo.shop.api import OPERATIONS

COMMITTED = Path(__file__).parents[3] / "tools/manifests/shop.openapi.json"


async def test_the_committed_document_is_the_one_the_shop_serves(client: httpx.AsyncClient) -> None:
    served = (await client.get("/openapi.json")).json()
    assert json.loads(COMMITTED.read_text()) == served, (
        f"run: python -m bot.demo.shop.export {COMMITTED.relative_to(COMMITTED.parents[2])}"
    )


async def test_every_reference_in_the_document_leads_somewhere() -> None:
    text = COMMITTED.read_text()
    names = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text))
    assert names
    assert names <= set(json.loads(text)["components"]["schemas"])


async def test_every_example_is_answered(client: httpx.AsyncClient) -> None:
    for operation in OPERATIONS:
        path = operation.path.format(**operation.example)
        rest = {name: value for name, value in operation.example.items() if name not in operation.path_names}
        if operation.writes:
            answer = await client.request(operation.method, path, json=rest)
        else:
            answer = await client.get(path, params={name: str(value) for name, value in rest.items()})
        assert answer.status_code == 200, (operation.id, answer.text)
