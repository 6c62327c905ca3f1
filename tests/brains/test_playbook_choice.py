"""Which playbooks a bot has: those for the services it is connected to."""

from pathlib import Path

import pytest

from tools.playbooks.errors import SkillError
from tools.playbooks.library import find


def a_playbook(folder: Path, name: str, *tools: str) -> None:
    steps = "".join(f"  - call: {{id: s{i}, tool: {tool}}}\n" for i, tool in enumerate(tools))
    (folder / name).mkdir()
    text = f"name: {name}\nmatch: {{words: [{name}]}}\nplan: Look\nsteps:\n{steps}"
    (folder / name / "playbook.yaml").write_text(text, encoding="utf-8")
    (folder / name / "SKILL.md").write_text(f"---\nname: {name}\ndescription: looks\n---\n", encoding="utf-8")


def test_a_playbook_for_a_service_nobody_connected_is_left_out(tmp_path: Path) -> None:
    """Somebody's own manifest alone is enough to start with; the sample shop's playbooks are not in the way."""
    a_playbook(tmp_path, "queues", "queues.depth")
    a_playbook(tmp_path, "checkout", "shop.error_rate", "shop.set_flag")
    library = find([tmp_path], {"queues.depth": None})
    assert [skill.name for skill in library] == ["queues"]
    assert library.left_out == {"checkout": "nothing of shop is connected (it calls shop.error_rate)"}


def test_a_playbook_that_has_only_some_of_its_tools_is_refused(tmp_path: Path) -> None:
    """A misspelt tool is not taken for a service that is not there."""
    a_playbook(tmp_path, "queues", "queues.depth", "queues.dept")
    with pytest.raises(SkillError, match=r"playbook\.yaml:6: step 's1' calls unknown tool 'queues\.dept'"):
        find([tmp_path], {"queues.depth": None})
