"""What a request is about: incident, safety, support or growth, by the category of the skill whose words fit best."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records import Source, Task
from tools.playbooks.library import Library


class Area(StrEnum):
    INCIDENT = "incident"
    SAFETY = "safety"
    SUPPORT = "support"
    GROWTH = "growth"


_OF_CATEGORY = {
    "reliability": Area.INCIDENT,
    "data": Area.INCIDENT,
    **{area.value: area for area in Area},
}


@dataclass(frozen=True, kw_only=True)
class Areas:
    """Sorts tasks. What fits no skill, or one of another category, shows only among all."""

    library: Library

    def of(self, task: Task) -> Area | None:
        if task.source is Source.ALERT:
            return Area.INCIDENT
        words = f"{task.title} {task.text}"
        scored = {name: book.score(words) for name, book in self.library.playbooks().items()}
        best = max(scored, key=lambda name: scored[name], default="")
        if not scored.get(best):
            return None
        return _OF_CATEGORY.get(self.library.get(best).category)
