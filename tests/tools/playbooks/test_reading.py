"""Skills as files: what is wrong is said with file, line and what to do, before anything runs."""

from pathlib import Path

import pytest

from tools.playbooks.errors import SkillError
from tools.playbooks.library import SHIPPED, find, read_all

TOOLS = {"queues.depth": None, "queues.drain": None}


def a_skill(folder: Path, name: str, playbook: str = "", *, front: str = "", body: str = "") -> Path:
    """Write one; the playbook's first line is line 6 of the file."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    block = f"```yaml playbook\n{playbook}```\n" if playbook else ""
    text = f"---\nname: {name}\ndescription: looks\n{front}---\n{block}{body}"
    (folder / name / "SKILL.md").write_text(text, encoding="utf-8")
    return folder


def why(folder: Path) -> str:
    with pytest.raises(SkillError) as found:
        find([folder], TOOLS)
    return str(found.value).removeprefix(f"{folder}/")


CALL = "  - call: {id: depth, tool: queues.depth}\n"
LOOK = "plan: Look\nsteps:\n" + CALL


def test_a_skill_is_read_with_its_playbook_and_any_change_is_another_hash(tmp_path: Path) -> None:
    [skill] = find([a_skill(tmp_path, "look", LOOK, body="# Look\n")], TOOLS)
    assert skill.playbook is not None
    assert [call.tool for call in skill.playbook.calls()] == ["queues.depth"]
    assert (skill.body, skill.composite, skill.version) == ("# Look", False, "1")
    [other] = find([a_skill(tmp_path, "look", LOOK, body="# Look!\n")], TOOLS)
    assert other.hash != skill.hash


@pytest.mark.parametrize(
    ("playbook", "says"),
    [
        (LOOK.replace("queues.depth", "queues.dept"), "look/SKILL.md:8: step 'depth' calls unknown tool 'queues.dept'"),
        (LOOK + CALL, "look/SKILL.md:9: two steps are called 'depth'; rename one"),
        (LOOK + "  - say: steps.depht.result.n\n", "look/SKILL.md:9: no step 'depht' before this one"),
        (
            "plan: Look\nsteps:\n  - say: steps.depth.status\n" + CALL,
            "look/SKILL.md:8: no step 'depth' before this one",
        ),
        (LOOK + "  - say: inputs.queue\n", "look/SKILL.md:9: no input 'queue'"),
        (LOOK + "  - say: result.depth\n", "look/SKILL.md:9: no 'result' here"),
        (LOOK + "  - if: 1 +\n    then: [{stop: true}]\n", "look/SKILL.md:9: steps.1.if: cannot read expression '1 +'"),
        (LOOK + "  - {say: \"'a'\", stop: true}\n", "look/SKILL.md:9: steps.1: a step is exactly one of"),
        (LOOK + "  - shout: hello\n", "look/SKILL.md:9: steps.1.shout: extra inputs are not permitted"),
        (LOOK + "output: {n: steps.nothing.result}\n", "look/SKILL.md:9: no step 'nothing' before this one"),
        (
            LOOK + "output: {n: '1'}\noutput_schema: {type: object, required: [m]}\n",
            "look/SKILL.md:10: output_schema requires 'm', and 'output' has no such entry",
        ),
        (LOOK + "output_schema: {type: nonsense}\n", "look/SKILL.md:9: output_schema: type: 'nonsense' is not valid"),
        (LOOK + "inputs: {n: {default: x, type: integer}}\n", "look/SKILL.md:9: inputs.n: must be a whole number"),
        (LOOK + "  - chart: nothing\n", "look/SKILL.md:9: no step 'nothing' before this one, to draw"),
        (
            LOOK.replace("depth}", "depth, again: {until: steps.deep.n, every_seconds: 5, at_most: 3}}"),
            "look/SKILL.md:8: no step 'deep' before",
        ),
        (
            LOOK.replace("depth}", "depth, again: {until: 'true', every_seconds: 5, at_most: 99}}"),
            "look/SKILL.md:8: steps.0.call.again.at_most",
        ),
        (LOOK + "   nonsense\n", "look/SKILL.md:9: does not read as YAML"),
        ("steps:\n" + CALL, "look/SKILL.md:6: plan: field required; mend it there"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, playbook: str, says: str) -> None:
    assert why(a_skill(tmp_path, "look", playbook)).startswith(says)


def test_front_matter_is_that_of_the_format(tmp_path: Path) -> None:
    assert why(a_skill(tmp_path, "a", front="allowed-tool: x\n")).startswith("a/SKILL.md:4: allowed-tool: extra inputs")
    named = why(a_skill(tmp_path, "a", LOOK, front="allowed-tools: queues.drain\n"))
    assert "calls 'queues.depth', which is not in allowed-tools" in named
    assert "allowed-tools names unknown tool 'queues.nothing'" in why(
        a_skill(tmp_path, "a", front="allowed-tools: queues.nothing\n")
    )
    (tmp_path / "a" / "SKILL.md").write_text("# no front matter")
    assert why(tmp_path).startswith("a/SKILL.md:1: no front matter; begin the file with '---'")
    (tmp_path / "a" / "SKILL.md").write_text("---\nname: b\ndescription: x\n---\n")
    assert why(tmp_path).startswith("a/SKILL.md:2: name 'b' is not its folder's name 'a'; rename one")
    (tmp_path / "a" / "SKILL.md").write_bytes(b"---\nname: \xff\n---\n")
    assert "cannot be read (UnicodeDecodeError)" in why(tmp_path)


def inner(*names: str) -> str:
    return "plan: Look\nsteps:\n" + "".join(f"  - skill: {{id: s_{n}, skill: {n}}}\n" for n in names)


def test_a_circle_of_skills_is_named(tmp_path: Path) -> None:
    a_skill(tmp_path, "a", inner("b"))
    a_skill(tmp_path, "b", inner("c"))
    a_skill(tmp_path, "c", inner("a"))
    assert why(tmp_path).startswith("c/SKILL.md:8: step 's_a' makes a circle: a → b → c → a; take one of")
    a_skill(tmp_path, "c", inner("c"))
    assert "circle: c → c" in why(tmp_path)


def test_skills_inside_each_other_end_somewhere(tmp_path: Path) -> None:
    for name, following in zip("abcd", "bcde", strict=True):
        a_skill(tmp_path, name, inner(following))
    a_skill(tmp_path, "e", LOOK)
    assert "more than 4 deep: a → b → c → d → e; make it flatter" in why(tmp_path)
    a_skill(tmp_path, "d", LOOK)
    library = find([tmp_path], TOOLS)
    assert library.get("a").composite
    assert library.tools_of("a") == {"queues.depth"}


def test_a_skill_inside_must_be_there_and_take_what_it_is_given(tmp_path: Path) -> None:
    a_skill(tmp_path, "a", inner("nothing"))
    assert "runs unknown skill 'nothing'" in why(tmp_path)
    a_skill(tmp_path, "a", "plan: L\nsteps:\n  - skill: {id: s, skill: b, with: {n: '1'}}\n")
    a_skill(tmp_path, "b", LOOK)
    assert "skill 'b' has no input 'n'; it has none" in why(tmp_path)
    a_skill(tmp_path, "b", front="", body="prose only")
    assert "runs a skill without a playbook, 'b'" in why(tmp_path)


def test_two_skills_of_one_name_and_two_playbooks_are_refused(tmp_path: Path) -> None:
    a_skill(tmp_path / "x", "a", LOOK)
    a_skill(tmp_path / "y", "a", LOOK)
    with pytest.raises(SkillError, match="there is a skill 'a' already"):
        find([tmp_path / "x", tmp_path / "y"], TOOLS)
    (tmp_path / "x" / "a" / "playbook.yaml").write_text(LOOK)
    assert "two playbooks" in why(tmp_path / "x")


def test_every_skill_that_ships_says_when_and_how_to_read_it() -> None:
    for skill in read_all([SHIPPED]).values():
        assert "## When" in skill.body, skill.name
        assert "## Reading results" in skill.body, skill.name
        assert skill.category != "other", skill.name
