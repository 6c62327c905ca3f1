"""`python -m bot.demo.shop.export FILE`: write the shop's OpenAPI document, for the manifest that uses it."""

import json
import sys
from pathlib import Path

from bot.demo.shop.api import OPERATIONS
from bot.demo.shop.document import openapi_document


def main(target: str) -> None:
    """Write the document as the shop serves it, in a form that diffs well."""
    text = json.dumps(openapi_document(OPERATIONS), indent=1, ensure_ascii=False)
    Path(target).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
