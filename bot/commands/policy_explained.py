"""One decision in words, by the code the gateway decides with."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.commands.policy_around import AGENT, Around
from bot.settings import Settings
from policy import loader
from policy.autonomy import DEFAULT_TABLE as DEFAULT_AUTONOMY
from policy.autonomy import AutonomyTable
from policy.cedar import DEFAULT_RULES, PolicyEngine
from policy.risk import DEFAULT_TABLE as DEFAULT_RISKS
from policy.risk import RiskTable, in_words
from policy.rule import Rule
from policy.types import Actor, Allow, Deny, NeedsApproval, Target, Tier, Trust
from tools.contract import Counted, Impact, JsonObject, Tool
from tools.judging import Asking, Judgement, change_of, judge, validate
from tools.registry import Registry


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
    at: float
    """seconds since the epoch: freezes come and go"""


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


def explained(config: Settings, registry: Registry, asked: Asked, here: Around) -> Iterator[str]:
    """The decision, the rules behind it with their places, what is left of budgets, and the risk.

    Raises:
        BadArguments: the arguments do not fit the tool.
        PolicyError: the rules do not load.
    """
    book = loader.load(config.policy_dir or DEFAULT_RULES, registry.actions(), config.groups)
    table = AutonomyTable.load(config.autonomy_file or DEFAULT_AUTONOMY)
    judged = _judged(config, PolicyEngine(book, registry.actions()), table, asked, here)
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
    change = change_of(
        asked.tool, validate(asked.tool, asked.arguments), asked.blast, task="", at=asked.at, env=target.env
    )
    if asked.tool.manifest.tier is not Tier.READ:
        yield from filter(None, (f"  {said}" for one in table.budgets if (said := one.left_for(change, here.earlier))))
    yield from (f"  {note}" for note in here.notes)
    if not asked.blast and asked.tool.preview is not None:
        yield "  without what a preview would count; give --blast to assume a share"


def _judged(config: Settings, engine: PolicyEngine, table: AutonomyTable, asked: Asked, here: Around) -> Judgement:
    def moved(args: object) -> Target:
        target = asked.tool.target(args)
        return replace(target, env=asked.env or target.env)

    tool = replace(asked.tool, target=moved)
    if asked.autonomy is not None:
        caps = dict.fromkeys(("dev", "staging", "prod"), asked.autonomy)
        table = table.model_copy(update={"default": asked.autonomy, "caps": caps, "lines": ()})
    counted = (Counted(count=asked.blast, unit="what it touches", of=100),) if asked.blast else ()
    return judge(
        tool,
        validate(tool, asked.arguments),
        Impact(grade=tool.manifest.dry_run, counted=counted),
        Asking(
            tenant=here.place.tenant,
            agent=AGENT,
            requester=Actor(id="U-explained", tenant=here.place.tenant, groups=asked.groups),
            place=here.place,
            reason_code=asked.reason_code,
            trust=Trust(untrusted=("a value",) if asked.untrusted else ()),
            undo=asked.undo,
            now=asked.at,
            calls_1h=here.calls_1h,
            failures_1h=here.failures_1h,
            ran_before=here.ran_before,
            earlier=here.earlier,
            level_at_most=here.level_at_most,
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
