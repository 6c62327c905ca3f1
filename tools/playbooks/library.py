"""All skills of this installation: found in folders, checked, and composed without cycles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.playbooks import checks
from tools.playbooks.checks import Tools
from tools.playbooks.errors import SkillError, UnknownSkill
from tools.playbooks.playbook import Playbook
from tools.playbooks.skill import FILE, Skill, read_skill

SHIPPED = Path(__file__).parents[1] / "skills"
DEEPEST = 4
"""how deep skills may run inside each other"""


@dataclass(frozen=True, kw_only=True)
class Library:
    """The skills that can be used here, by name."""

    skills: dict[str, Skill]
    left_out: dict[str, str]
    """name → why: nobody connected the service it works on"""

    def get(self, name: str) -> Skill:
        """
        Raises:
            UnknownSkill: there is none of this name, or it is left out.
        """
        if name not in self.skills:
            raise UnknownSkill(name, list(self.skills))
        return self.skills[name]

    def playbooks(self) -> dict[str, Playbook]:
        return {name: skill.playbook for name, skill in self.skills.items() if skill.playbook is not None}

    def tools_of(self, name: str) -> frozenset[str]:
        """Every tool it may call, those of the skills inside it too."""
        skill = self.skills[name]
        if skill.playbook is None:
            return frozenset(skill.front.allowed_tools)
        own = {call.tool for call in skill.playbook.calls()}
        return frozenset(own.union(*(self.tools_of(step.skill) for step in skill.playbook.skills())))

    def used_for(self) -> dict[str, str]:
        """Tool → what the skills that use it by themselves are for, in the words they are chosen by."""
        found: dict[str, list[str]] = {}
        for skill in self:
            match = skill.playbook.match if skill.playbook is not None else None
            words = " ".join((skill.front.description, *(match.words if match is not None else ())))
            called = {call.tool for call in skill.playbook.calls()} if skill.playbook is not None else set()
            for tool in sorted(called.union(skill.front.allowed_tools)):
                found.setdefault(tool, []).append(words)
        return {tool: " ".join(texts) for tool, texts in found.items()}

    def __iter__(self) -> Iterator[Skill]:
        return iter(sorted(self.skills.values(), key=lambda skill: (skill.category, skill.name)))


def among(name: str, patterns: Sequence[str]) -> bool:
    """Whether a skill is one of these: names, beginnings ("pg-*") or "*"."""
    return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)


def read_all(folders: Sequence[Path]) -> dict[str, Skill]:
    """Every skill of these folders as written, not yet held to any tools.

    Raises:
        SkillError: a file cannot be read, or two skills have one name.
    """
    found: dict[str, Skill] = {}
    for file in (file for folder in folders for file in sorted(folder.glob(f"*/{FILE}"))):
        skill = read_skill(file)
        if (first := found.get(skill.name)) is not None:
            raise SkillError(file, 1, f"there is a skill {skill.name!r} already, in {first.file}; rename one")
        found[skill.name] = skill
    for beside in (beside for folder in folders for beside in sorted(folder.glob("*/playbook.yaml"))):
        if not (beside.parent / FILE).exists():
            raise SkillError(beside, 1, f"no {FILE} beside it; write one that says when and how to use it")
    return found


def find(folders: Sequence[Path], tools: Tools) -> Library:
    """The skills that these tools can run; one for a service nobody connected is left out.

    Raises:
        SkillError: one cannot be used: unknown tools, cycles, skills inside skills inside skills…
    """
    every = read_all(folders)
    for skill in every.values():
        _check_skills(skill, every, ())
    kept: dict[str, Skill] = {}
    left_out: dict[str, str] = {}
    for name in every:
        _settle(every[name], every, tools, kept, left_out)
    return Library(skills=kept, left_out=left_out)


def _check_skills(skill: Skill, every: dict[str, Skill], above: tuple[str, ...]) -> None:
    if skill.playbook is None:
        return
    way = (*above, skill.name)
    for place, step in checks.places(skill.playbook.steps):
        if step.skill is None:
            continue
        inner = every.get(step.skill.skill)
        if inner is None or inner.playbook is None:
            why = "unknown skill" if inner is None else "a skill without a playbook,"
            raise skill.wrong(
                f"step {step.skill.id!r} runs {why} {step.skill.skill!r}; see 'autopilot skills list'", *place
            )
        if inner.name in way:
            circle = " → ".join([*way[way.index(inner.name) :], inner.name])
            raise skill.wrong(f"step {step.skill.id!r} makes a circle: {circle}; take one of these steps away", *place)
        if len(way) >= DEEPEST:
            says = (
                f"skills inside each other more than {DEEPEST} deep: {' → '.join([*way, inner.name])}; make it flatter"
            )
            raise skill.wrong(says, *place)
        for name in step.skill.with_:
            if name not in inner.playbook.inputs:
                known = ", ".join(inner.playbook.inputs) or "none"
                raise skill.wrong(f"skill {inner.name!r} has no input {name!r}; it has {known}", *place)
        _check_skills(inner, every, way)


def _settle(
    skill: Skill, every: dict[str, Skill], tools: Tools, kept: dict[str, Skill], left_out: dict[str, str]
) -> None:
    """Keep one, or leave it out; those inside it first."""
    if skill.name in kept or skill.name in left_out:
        return
    inner = [] if skill.playbook is None else [every[step.skill] for step in skill.playbook.skills()]
    for one in inner:
        _settle(one, every, tools, kept, left_out)
    missing = sorted(checks.missing_services(skill, list(tools)))
    if missing:
        called = sorted(call.tool for call in skill.playbook.calls()) if skill.playbook is not None else []
        wanted = next((tool for tool in called if tool.partition(".")[0] in missing), "")
        left_out[skill.name] = f"nothing of {', '.join(missing)} is connected (it calls {wanted})"
        return
    if without := next((one.name for one in inner if one.name in left_out), None):
        left_out[skill.name] = left_out[without]
        return
    checks.check(skill, tools)
    kept[skill.name] = skill
