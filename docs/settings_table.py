"""Writes the settings' table into docs/reference.md, from bot/settings.py: `python docs/settings_table.py`."""

import ast
import itertools
from pathlib import Path

from bot import settings
from bot.settings import Settings

PAGE = Path(__file__).with_name("reference.md")
BEGIN, END = "<!-- settings: made by docs/settings_table.py -->", "<!-- end of settings -->"


def said_of() -> dict[str, str]:
    """Field to the words below it."""
    tree = ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    return {
        field.target.id: words.value.value
        for field, words in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(words, ast.Expr) and isinstance(words.value, ast.Constant) and isinstance(words.value.value, str)
    }


def table() -> str:
    """One row a setting, as markdown."""
    words = said_of()
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        variable = field.validation_alias or f"AUTOPILOT_{name.upper()}"
        default = ",".join(map(str, field.default)) if isinstance(field.default, tuple) else str(field.default or "")
        said = words[name].replace("|", "\\|")
        rows.append(f"| `{variable}` | {f'`{default}`' if default else ''} | {said} |")
    return "\n".join(rows)


def written() -> str:
    """The page with today's table."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
