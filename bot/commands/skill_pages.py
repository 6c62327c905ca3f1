"""The pages about skills: CAPABILITIES.md and one page a skill, made of the skills themselves."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from policy.types import Tier
from tools.contract import Tool
from tools.playbooks.library import Library
from tools.playbooks.playbook import Playbook, Step
from tools.playbooks.skill import Skill

MADE = "<!-- made by 'autopilot skills docs'; change the skill, not this page -->"
OVERVIEW = "CAPABILITIES.md"
FOLDER = Path("docs/skills")
Pages = dict[str, str]


def pages(library: Library, tools: Mapping[str, Tool]) -> Pages:
    """Every page, by its path below the repository."""
    out = {OVERVIEW: _overview(library, tools)}
    for skill in library:
        out[str(FOLDER / f"{skill.name}.md")] = _page(library, skill, tools)
    return out


def stale(root: Path, made: Pages) -> list[str]:
    """The pages that are not as they would be made now: changed, missing, or of a skill that is gone."""
    old = {str(file.relative_to(root)) for file in (root / FOLDER).glob("*.md")}
    wrong = {name for name, text in made.items() if not (root / name).exists() or (root / name).read_text() != text}
    return sorted(wrong | (old - set(made)))


def write(root: Path, made: Pages) -> None:
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    for file in (root / FOLDER).glob("*.md"):
        if str(file.relative_to(root)) not in made:
            file.unlink()
    for name, text in made.items():
        (root / name).write_text(text, encoding="utf-8")


def _overview(library: Library, tools: Mapping[str, Tool]) -> str:
    lines = [MADE, "# What Ops Autopilot can do by itself", ""]
    lines += ["Skills that ship. Ask in your own words, or by name: `skill pg-health`.", ""]
    for category, skills in groupby(library, key=lambda skill: skill.category):
        lines += [f"## {category.capitalize()}", "", "| skill | what for | changes |", "|---|---|---|"]
        for skill in skills:
            changing = [name for name in sorted(library.tools_of(skill.name)) if _tier(name, tools) != Tier.READ]
            says = ", ".join(f"`{name}`" for name in changing) or "reads only"
            lines.append(f"| [{skill.name}]({FOLDER}/{skill.name}.md) | {_cell(skill.front.description)} | {says} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _page(library: Library, skill: Skill, tools: Mapping[str, Tool]) -> str:
    kind = "composite: it runs other skills" if skill.composite else "primitive"
    lines = [MADE, f"# {skill.name}", "", skill.front.description, ""]
    lines += [f"{skill.category} · {kind} · version {skill.version} · `{skill.hash[:12]}`", ""]
    names = sorted(library.tools_of(skill.name))
    if names:
        lines += ["| tool | tier |", "|---|---|", *(f"| `{name}` | {_tier(name, tools)} |" for name in names), ""]
    book = skill.playbook
    if book is not None:
        lines += [*_inputs(book), *_tree(book), *_output(book)]
    lines += [skill.body.replace("\n# ", "\n## ").removeprefix("# "), ""] if skill.body else []
    return "\n".join(lines).rstrip() + "\n"


def _tier(name: str, tools: Mapping[str, Tool]) -> str:
    return tools[name].manifest.tier.value if name in tools else "unknown"


def _inputs(book: Playbook) -> Iterator[str]:
    if book.inputs:
        yield from ("| input | takes | default | what |", "|---|---|---|---|")
        for name, spec in book.inputs.items():
            takes = ", ".join(spec.one_of) or spec.type
            yield f"| `{name}` | {takes} | `{spec.default}` | {_cell(spec.says)} |"
        yield ""


def _tree(book: Playbook) -> Iterator[str]:
    yield from ("## Steps", "", *_steps(book.steps, 0), "")


def _steps(steps: Sequence[Step], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for step in steps:
        if step.if_ is not None:
            yield f"{indent}- if `{_line(step.if_.source)}`"
            yield from _steps(step.then, depth + 1)
            if step.else_:
                yield f"{indent}- else"
                yield from _steps(step.else_, depth + 1)
        elif step.calls():
            yield f"{indent}- call " + ", ".join(f"`{call.tool}` as `{call.id}`" for call in step.calls())
            for again in (call.again for call in step.calls() if call.again is not None):
                often = f"every {again.every_seconds} s, at most {again.at_most} times"
                yield f"{indent}  - again {often}, until `{_line(again.until.source)}`"
        elif step.skill is not None:
            yield f"{indent}- skill [{step.skill.skill}]({step.skill.skill}.md) as `{step.skill.id}`"
        elif step.alert is not None:
            when = f" when `{_line(step.alert.when.source)}`" if step.alert.when else ""
            yield f"{indent}- alert people ({step.alert.severity}){when}"
        elif step.fail is not None:
            yield f"{indent}- give up and say why"
        elif step.stop:
            yield f"{indent}- stop"
        elif step.say is not None:
            yield f"{indent}- say what was found"


def _output(book: Playbook) -> Iterator[str]:
    if book.output:
        shapes = book.output_schema.get("properties")
        known = shapes if isinstance(shapes, dict) else {}
        yield from ("## Output", "", "| entry | shape |", "|---|---|")
        for name in book.output:
            shape = known.get(name)
            kind = shape.get("type", "any") if isinstance(shape, dict) else "any"
            yield f"| `{name}` | {', '.join(map(str, kind)) if isinstance(kind, list) else kind} |"
        yield ""


def _line(source: str) -> str:
    return " ".join(source.split()).replace("`", "'")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
