"""What the rules brain says when it has nothing to go by."""

from pathlib import Path

from bot.brains.base import Prompt, Saying, UserSaid
from bot.brains.rules import RulesBrain
from tools.playbooks.library import Library, find

PLAYBOOK = """
name: NAME
inputs: {role: {default: "", pattern: '([a-z]+)'}}
plan: Do it
steps: [{say: "'done'"}]
"""


async def _said(library: Library, request: str) -> str:
    prompt = Prompt(system="", transcript=(UserSaid(text=request, by="U0ANA"),), tools=())
    events = [event async for event in RulesBrain(library).think(prompt)]
    return "".join(event.delta for event in events if isinstance(event, Saying))


async def test_without_any_tools_it_says_what_to_set_and_lists_nothing() -> None:
    said = await _said(find([], {}), "is checkout ok?")
    assert "AUTOPILOT_MANIFESTS" in said
    assert "I can:" not in said


async def test_it_names_the_skills_that_sound_near(tmp_path: Path) -> None:
    """Most skills are run by name; who does not know the name finds it."""
    for name, what in {"pg-rotate": "Rotate the password of a role. Asks first.", "pg-logs": "Read the log."}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "playbook.yaml").write_text(PLAYBOOK.replace("NAME", name), encoding="utf-8")
        (tmp_path / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: {what}\n---\n", encoding="utf-8")
    said = await _said(find([tmp_path], {}), "please rotate the database password")
    assert "- `skill pg-rotate role=…`: Rotate the password of a role." in said
    assert "pg-logs" not in said
    assert "I can:" not in said
