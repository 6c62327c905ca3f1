"""The OpenAPI document: committed as served, and true."""

import json
import re
from pathlib import Path

import httpx
import pytest

from bot.demo.shop.api import OPERATIONS
from bot.demo.shop.product.operations import PRODUCT

FOLDER = Path(__file__).parents[3] / "tools/manifests"
DOCUMENTS = {"shop": "/openapi.json", "product": "/product/openapi.json"}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_committed_document_is_the_one_the_shop_serves(client: httpx.AsyncClient, name: str) -> None:
    served = (await client.get(DOCUMENTS[name])).json()
    committed = json.loads((FOLDER / f"{name}.openapi.json").read_text())
    assert committed == served, "run: python -m bot.demo.shop.export tools/manifests"


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_reference_in_the_document_leads_somewhere(name: str) -> None:
    text = (FOLDER / f"{name}.openapi.json").read_text()
    names = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text))
    assert names
    assert names <= set(json.loads(text)["components"]["schemas"])


async def test_every_example_is_answered(client: httpx.AsyncClient) -> None:
    for operation in (*OPERATIONS, *PRODUCT):
        if operation.id == "lookUpTrace":  # no trace id is known beforehand
            continue
        path = operation.path.format(**operation.example)
        rest = {name: value for name, value in operation.example.items() if name not in operation.path_names}
        if operation.writes:
            answer = await client.request(operation.method, path, json=rest)
        else:
            answer = await client.get(path, params={name: str(value) for name, value in rest.items()})
        assert answer.status_code == 200, (operation.id, answer.text)
