"""What people do themselves, whatever rules, manifests and levels say. No setting and no policy file is read here.

Creating tokens, webhooks and credentials, and changing policy, autonomy or who is in a group: a tool for it could widen
what all other tools may do, so no call of one is ever run, proposed, granted or undone.
"""

from collections.abc import Sequence
from pathlib import PurePath

from policy.types import Deny, Tier
from tools.errors import ToolError
from tools.manifest import ToolManifest

NAMESPACE = "autopilot."
"""tools over the bot's own settings; only those that ship with it have such a name"""
SOURCE = "own"
KINDS = frozenset({"policy", "autonomy", "api_token", "token", "webhook", "credential", "secret", "group", "grant"})
"""kinds of targets that no tool changes"""
PROGRAMS = frozenset({"autopilot", "bot.cli", "bot.entry", "ops-autopilot"})
"""our own command line"""
LAUNCHERS = ("python", "env", "uv", "sudo", "nice", "nohup", "timeout", "sh", "bash", "xargs", "docker", "podman")
"""programs that start the one among their arguments"""
HINT = (
    "people do this themselves: 'autopilot token', 'autopilot events', /autopilot settings, a reviewed change of rules"
)


class Reserved(ToolError):
    """A tool from elsewhere would act on the bot's own settings."""


def check(name: str, source: str) -> None:
    """Refuse tools that call themselves ours.

    Raises:
        Reserved: the name is, and the tool does not ship with the bot.
    """
    if name.startswith(NAMESPACE) and source != SOURCE:
        raise Reserved(f"tool {name!r} from {source!r}: names that begin with {NAMESPACE!r} are reserved; rename it")


def refusal(manifest: ToolManifest) -> Deny | None:
    """Why no call of this tool is carried out, if so."""
    if manifest.tier is Tier.READ or manifest.target.kind not in KINDS:
        return None
    return Deny(because=("builtin:people-only",), hint=HINT)


def runs_us(argv: Sequence[str]) -> bool:
    """Whether a command is our own command line, which could create what no tool may."""
    program = PurePath(argv[0]).name
    parts = argv if program.startswith(LAUNCHERS) else argv[:1]
    return any(PurePath(part).name in PROGRAMS for part in parts)
