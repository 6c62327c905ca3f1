"""Second step of loading: the Cedar schema, which is the base schema plus one action per tool."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from policy.errors import PolicyError
from policy.types import ActionSpec, Tier

BASE: Final = Path(__file__).with_name("base.cedarschema")
ENVIRONMENTS: Final = ("dev", "staging", "prod")
"""must agree with the Environment entity of base.cedarschema"""

TIER_ACTION: Final[Mapping[Tier, str]] = {
    Tier.READ: "READ",
    Tier.REVERSIBLE: "WRITE_REVERSIBLE",
    Tier.IRREVERSIBLE: "WRITE_IRREVERSIBLE",
}
PARAM_TYPES: Final = ("String", "Long", "Bool", "Set<String>")
RESERVED: Final = frozenset({"READ", "WRITE", "WRITE_REVERSIBLE", "WRITE_IRREVERSIBLE", "approve", "undo"})

# Names are written into schema text between quotes, so nothing that could end a string may pass.
_ACTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_PARAM_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


def groups_of(tier: Tier) -> frozenset[str]:
    """The action groups that a tool of this tier is in, from near to far."""
    near = TIER_ACTION[tier]
    return frozenset({near} if tier is Tier.READ else {near, "WRITE"})


def generate(actions: Iterable[ActionSpec]) -> str:
    """The whole schema text for these tools.

    Raises:
        PolicyError: a tool or parameter that Cedar cannot name or type, or two tools of one name.
    """
    seen: set[str] = set()
    lines = [BASE.read_text()]
    for spec in sorted(actions, key=lambda one: one.name):
        _check(spec, seen)
        seen.add(spec.name)
        params = ", ".join(
            f'"{name}"{"?" if name in spec.optional else ""}: {kind}' for name, kind in sorted(spec.params.items())
        )
        lines.append(
            f'action "{spec.name}" in ["{TIER_ACTION[spec.tier]}"] appliesTo {{ principal: [Agent], '
            f"resource: [Target], context: {{ call: Call, params: {{ {params} }} }} }};"
        )
    return "\n".join(lines) + "\n"


def _check(spec: ActionSpec, seen: set[str]) -> None:
    if not _ACTION_NAME.fullmatch(spec.name) or spec.name in RESERVED:
        raise PolicyError(
            f"tool {spec.name!r} cannot be a policy action",
            todo="rename it: letters, digits and _.:/- only, and none of the built-in action names",
            file="tool registry",
        )
    if spec.name in seen:
        raise PolicyError(f"tool {spec.name!r} is there twice", todo="rename one of them", file="tool registry")
    for name, kind in spec.params.items():
        if not _PARAM_NAME.fullmatch(name) or kind not in PARAM_TYPES:
            raise PolicyError(
                f"tool {spec.name!r} has parameter {name!r} of type {kind!r}",
                todo=f"name it with letters, digits and _.- and use one of {', '.join(PARAM_TYPES)}, or leave it out",
                file="tool registry",
            )
    if unknown := sorted(spec.optional - spec.params.keys()):
        raise PolicyError(
            f"tool {spec.name!r} calls {unknown[0]!r} optional but has no such parameter",
            todo="add the parameter or drop it from optional",
            file="tool registry",
        )
