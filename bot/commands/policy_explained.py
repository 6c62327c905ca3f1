"""One decision in words, by the code the gateway decides with."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.settings import Settings
from policy import loader
from policy.autonomy import DEFAULT_TABLE as DEFAULT_AUTONOMY
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.risk import DEFAULT_TABLE as DEFAULT_RISKS
from policy.risk import RiskTable, in_words
from policy.rule import Rule
from policy.types import Actor, Allow, Deny, NeedsApproval, Place, Target, Trust
from tools.contract import Counted, Impact, JsonObject, Tool
from tools.judging import Asking, Judgement, judge, validate
from tools.registry import Registry

TENANT = "T-explained"
PLACE = Place(id="C-explained", tenant=TENANT, max_autonomy=4)


class BadAssignment(ValueError):
    """An argument is not written name=value."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The call to explain, and the facts to assume about it."""

    tool: Tool
    arguments: JsonObject
    env: str
    """"" for where the manifest says"""
    autonomy: int | None
    groups: frozenset[str]
    reason_code: str
    blast: int
    untrusted: bool
    undo: bool


def parse_arguments(given: Iterable[str]) -> JsonObject:
    """The arguments; a value that is JSON counts as what it says, everything else as text.

    Raises:
        BadAssignment: one has no `=`.
    """
    arguments: JsonObject = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadAssignment(f"{text!r} is not name=value")
        try:
            arguments[name] = json.loads(value)
        except ValueError:
            arguments[name] = value
    return arguments


def explained(config: Settings, registry: Registry, asked: Asked) -> Iterator[str]:
    """The decision, the rules behind it with their places, and the risk.

    Raises:
        BadArguments: the arguments do not fit the tool.
        PolicyError: the rules do not load.
    """
    book = loader.load(config.policy_dir or DEFAULT_RULES, registry.actions(), config.groups)
    judged = _judged(config, PolicyEngine(book, registry.actions()), asked)
    rules = {rule.id: rule for rule in book.rules}
    target = judged.target
    yield f"{asked.tool.name} on {target.kind} {target.id!r} in {target.env}, level {judged.autonomy}"
    match judged.decision:
        case Allow(because=because):
            yield "it would run alone"
            yield from _because("permitted by", because, rules)
        case NeedsApproval(obligations=obligations, because=because):
            needs = " and ".join(one.in_words for one in obligations)
            yield f"it would ask people: {needs}"
            for one in obligations:
                own = "; the requester's own counts" if one.allow_requester else ""
                yield f"  asked for by {_place(one.rule, rules)}: {one.in_words}{own}"
            yield from _because("permitted by", because, rules)
        case Deny(because=because, hint=hint):
            yield "it would be denied" + (f": {hint}" if hint else "")
            yield from _because("denied by", because, rules)
    yield f"risk {judged.risk.score} of 100, {judged.risk.band}: {in_words(judged.risk)}"
    if not asked.blast and asked.tool.preview is not None:
        yield "  without what a preview would count; give --blast to assume a share"


def _judged(config: Settings, engine: PolicyEngine, asked: Asked) -> Judgement:
    def moved(args: object) -> Target:
        target = asked.tool.target(args)
        return replace(target, env=asked.env or target.env)

    tool = replace(asked.tool, target=moved)
    table = AutonomyTable.load(config.autonomy_file or DEFAULT_AUTONOMY)
    if asked.autonomy is not None:
        caps = dict.fromkeys(("dev", "staging", "prod"), asked.autonomy)
        table = table.model_copy(update={"default": asked.autonomy, "caps": caps, "lines": ()})
    counted = (Counted(count=asked.blast, unit="what it touches", of=100),) if asked.blast else ()
    return judge(
        tool,
        validate(tool, asked.arguments),
        Impact(grade=tool.manifest.dry_run, counted=counted),
        Asking(
            tenant=TENANT,
            agent="autopilot",
            requester=Actor(id="U-explained", tenant=TENANT, groups=asked.groups),
            place=PLACE,
            reason_code=asked.reason_code,
            trust=Trust(untrusted=("a value",) if asked.untrusted else ()),
            undo=asked.undo,
            now=time.time(),
            calls_1h=1,
            failures_1h=0,
            ran_before=True,
        ),
        engine=engine,
        risks=RiskTable.load(config.risk_file or DEFAULT_RISKS),
        autonomy=table,
    )


def _because(word: str, because: tuple[str, ...], rules: Mapping[str, Rule]) -> Iterator[str]:
    for name in because:
        yield f"  {word} {_place(name, rules)}"


def _place(name: str, rules: Mapping[str, Rule]) -> str:
    rule = rules.get(name)
    return f"{name} ({rule.file}:{rule.line})" if rule is not None else name
