"""The bot's own settings as tools. What is not here is done by people: tools/people_only.py."""

from dataclasses import replace

from storage.db import Database
from tools.contract import Tool
from tools.own import adjusting, reading
from tools.people_only import SOURCE
from tools.sources.python_toolbox import Toolbox


def own_tools(db: Database, *, env: str) -> list[Tool]:
    """Reads, and the changes within bounds that people decide about."""
    box = Toolbox("autopilot", owner="platform", env=env)
    reading.register(box, db)
    adjusting.register(box, db)
    return [replace(tool, source=SOURCE) for tool in box.tools()]
