"""`python -m bot.demo.shop.export FOLDER`: write the shop's OpenAPI documents, for the manifests that use them."""

import json
import sys
from pathlib import Path

from bot.demo.shop.api import product_document, shop_document


def main(folder: str) -> None:
    """Write the documents as the shop serves them, in a form that diffs well."""
    for name, document in (("shop", shop_document()), ("product", product_document())):
        text = json.dumps(document, indent=1, ensure_ascii=False)
        (Path(folder) / f"{name}.openapi.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
