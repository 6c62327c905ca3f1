"""One SKILL.md in the public Agent Skills format, with its playbook: a `yaml playbook` block in it, or playbook.yaml.

https://agentskills.io/specification says what stands in the front matter.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError

from tools.playbooks.errors import SkillError
from tools.playbooks.lines import Located, line_of
from tools.playbooks.playbook import Playbook

FILE = "SKILL.md"
_FRONT = re.compile(r"\A---\n(.*?\n)---\n", re.S)
_BLOCK = re.compile(r"^```yaml playbook\n(.*?)^```$\n?", re.S | re.M)
LONGEST = 200_000
"""characters of one file"""


def _words(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


class FrontMatter(BaseModel):
    """What the format says a skill has, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)
    description: str = Field(min_length=1, max_length=1024)
    license: str = ""
    compatibility: str = Field(default="", max_length=500)
    allowed_tools: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(default=(), alias="allowed-tools")
    metadata: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Skill:
    """One skill as it was read. `hash` changes with any character of its files."""

    front: FrontMatter
    body: str
    """the prose, without front matter and playbook"""
    playbook: Playbook | None
    playbook_file: Path
    file: Path
    hash: str
    lines: Located
    """of the playbook; of the front matter when there is none"""

    @property
    def name(self) -> str:
        return self.front.name

    @property
    def version(self) -> str:
        return self.front.metadata.get("version", "1")

    @property
    def category(self) -> str:
        return self.front.metadata.get("category", "other")

    @property
    def composite(self) -> bool:
        """It runs other skills."""
        return self.playbook is not None and any(True for _ in self.playbook.skills())

    def wrong(self, message: str, *place: str | int) -> SkillError:
        """An error at a place of the playbook."""
        return SkillError(self.playbook_file, self.lines.line(place), message)


def read_skill(file: Path) -> Skill:
    """The skill of this SKILL.md.

    Raises:
        SkillError: it cannot be read, or does not have the shape.
    """
    text = _read(file)
    found = _FRONT.match(text)
    if found is None:
        says = "no front matter; begin the file with '---', name and description, and '---'"
        raise SkillError(file, 1, says)
    front_lines = _located(file, found[1], 2)
    front = _shaped(FrontMatter, front_lines, file)
    if front.name != file.parent.name:
        says = f"name {front.name!r} is not its folder's name {file.parent.name!r}; rename one"
        raise SkillError(file, front_lines.line(["name"]), says)
    body = text[found.end() :]
    blocks, beside = list(_BLOCK.finditer(body)), file.parent / "playbook.yaml"
    if len(blocks) + beside.exists() > 1:
        raise SkillError(file, 1, "two playbooks; keep one block, or playbook.yaml, and take away the other")
    playbook, lines, source = None, front_lines, ""
    if blocks:
        first = text[: found.end() + blocks[0].start(1)].count("\n") + 1
        lines = _located(file, blocks[0][1], first)
        playbook = _playbook(lines, file, front.name)
    elif beside.exists():
        source = _read(beside)
        lines = _located(beside, source, 1)
        playbook = _playbook(lines, beside, front.name)
    return Skill(
        front=front,
        body=_BLOCK.sub("", body).strip(),
        playbook=playbook,
        playbook_file=beside if source else file,
        file=file,
        hash=hashlib.sha256(f"{text}\0{source}".encode()).hexdigest(),
        lines=lines,
    )


def _playbook(lines: Located, file: Path, name: str) -> Playbook:
    if isinstance(lines.data, dict):
        lines.data.setdefault("name", name)
    book = _shaped(Playbook, lines, file)
    if book.name != name:
        says = f"name {book.name!r} is not its folder's name {name!r}; rename one"
        raise SkillError(file, lines.line(["name"]), says)
    return book


def _read(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(file, 1, f"cannot be read ({type(error).__name__}); mend the file") from None
    if len(text) > LONGEST:
        raise SkillError(file, 1, f"{len(text):,} characters, at most {LONGEST:,}; move what is long to other files")
    return text.replace("\r\n", "\n")


def _located(file: Path, text: str, first: int) -> Located:
    try:
        return Located(text, first)
    except yaml.YAMLError as error:
        why = str(getattr(error, "problem", "") or str(error).splitlines()[0])
        raise SkillError(file, line_of(error, first), f"does not read as YAML: {why}; mend the line") from None
    except RecursionError:
        raise SkillError(file, first, "is nested too deeply; make it flat") from None


Model = TypeVar("Model", FrontMatter, Playbook)


def _shaped(model: type[Model], lines: Located, file: Path) -> Model:
    data: JsonValue = lines.data
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        message = first["msg"].removeprefix("Value error, ")
        says = f"{place}: {message[:1].lower()}{message[1:]}; mend it there"
        raise SkillError(file, lines.line(first["loc"]), says) from None
