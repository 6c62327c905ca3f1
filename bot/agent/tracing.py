"""Pure: a transcript -> where every value of a call came from. What a brain claims about itself counts for nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.agent import transcript
from bot.agent.transcript import OpenCall
from bot.brains.base import THE_REQUEST, JsonObject, JsonValue
from policy.provenance import LookedUp, Origin, Provenance, trace
from storage.records import Step, StepKind, Task
from tools.errors import UnknownTool
from tools.manifest import SENSITIVITIES, Sensitivity, ToolManifest
from tools.registry import Registry, schema_of
from tools.tracing import slots
from tools.trusted_fields import path_of, scalars

SHORTEST_QUOTE = 4
"""characters a value must have to be found inside a longer text"""


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Everything in a task's transcript that can vouch for a value, or tell where it was read."""

    words: tuple[str, ...]
    """of trusted people, oldest first"""
    found: tuple[LookedUp, ...]
    own: Mapping[str, str]
    read: tuple[tuple[str, str], ...]
    """(where, text) of everything nobody vouches for"""
    spoken: bool = True
    """a person made the request, in their own words; an alert's, or what they pasted, are nobody's"""
    registry: Registry = field(repr=False)

    def of(self, call: OpenCall, typed: transcript.Typed) -> dict[str, Provenance]:
        """The provenance of every slot of one call. `typed`: values a person gave it in an edit."""
        return _trace(self, call.tool, call.arguments, typed, call.drawn_from if call.skill else None)


def witness(
    task: Task,
    steps: Sequence[Step],
    registry: Registry,
    *,
    earlier: Sequence[str] = (),
) -> Witness:
    """What a transcript vouches for. `earlier`: what the same person asked before in this thread."""
    words = (*earlier, *transcript.trusted_words(steps))
    seen = Witness(
        words=words,
        found=(),
        own={"id": task.requester, "channel": task.channel},
        read=tuple(_hearsay(steps)),
        spoken=not transcript.quoted(steps) and not transcript.pasted(steps),
        registry=registry,
    )
    calls = {str(s.body["call_id"]): s.body for s in steps if s.kind is StepKind.CALLED}
    for step in steps:
        if step.kind is StepKind.RESULT and step.body["status"] == "ran":
            seen = _after(seen, calls.get(str(step.body["call_id"]), {}), step)
    return seen


def label(steps: Sequence[Step], registry: Registry, *, heard: Collection[str] = ()) -> Sensitivity:
    """The most confidential thing this task has read. `heard`: tools whose results it was told of by its thread."""
    read = {str(step.body["tool"]) for step in steps if step.kind is StepKind.RESULT and _told(step)}
    levels = [0]
    for tool in read | set(heard):
        manifest = _manifest(registry, tool)
        levels.append(SENSITIVITIES.index(manifest.sensitivity if manifest else "confidential"))
    return SENSITIVITIES[max(levels)]


def _told(result: Step) -> bool:
    """Whether a result holds words of the far end: an error or a preview does too, what was never called does not."""
    content = result.body["content"]
    failed_there = result.body["status"] == "failed" and isinstance(content, dict) and "reason" in content
    return failed_there or result.body["status"] in ("ran", "in_doubt", "previewed")


def hears_its_thread(steps: Sequence[Step]) -> bool:
    """Whether the words of the thread before it were given to this task."""
    return any(step.kind is StepKind.CONTEXT and step.body["by"] != "alert" for step in steps)


def _after(seen: Witness, called: Mapping[str, JsonValue], step: Step) -> Witness:
    """The witness with one more result. A look-up vouches only when what it looked for is vouched for itself."""
    tool = str(step.body["tool"])
    manifest = _manifest(seen.registry, tool)
    content = step.body["content"]
    arguments = called.get("arguments", {})
    assert isinstance(content, dict) and isinstance(arguments, dict)
    drawn = transcript.drawn_from(called.get("drawn_from")) if called.get("skill") else None
    sought = {slot: value for slot, value in slots(arguments) if isinstance(value, str)}
    vouched = all(
        one.origin.vouched for slot, one in _trace(seen, tool, arguments, frozenset(), drawn).items() if slot in sought
    )
    found, read = [], []
    fields = {path_of(one) for one in manifest.trusted_fields} if manifest is not None else set()
    trusts_all = manifest is not None and manifest.trusted_output
    for path, shown, value in scalars(content):
        if vouched and (trusts_all or path in fields):
            found.append(LookedUp(tool=tool, path=shown, value=value))
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            read.append((f"{tool} {shown}".strip(), str(value)))
    return replace(seen, found=(*seen.found, *found), read=(*seen.read, *read))


def _trace(
    seen: Witness,
    tool: str,
    arguments: Mapping[str, JsonValue],
    typed: transcript.Typed,
    drawn: Mapping[str, tuple[str, ...]] | None,
) -> dict[str, Provenance]:
    """`drawn`: of a playbook's call, which tools' results each argument is made of; None: a brain made the call."""
    constants: JsonObject = {}
    picked: JsonObject = {}
    if drawn is not None:
        ours = {one.name for one in seen.registry if one.manifest.trusted_output}
        heard = {name for name in arguments if THE_REQUEST in drawn.get(name, ()) and not seen.spoken}
        fixed = {name for name in arguments if (ours | {THE_REQUEST}).issuperset(drawn.get(name, ()))} - heard
        constants = {name: value for name, value in arguments.items() if name in fixed}
        picked = {name: value for name, value in arguments.items() if name not in fixed | heard}
    traced = trace(
        arguments,
        trusted_text=seen.words,
        looked_up=seen.found,
        constants=constants,
        picked=picked,
        own=seen.own,
        typed=transcript.typed_slots(typed, arguments),
        defaults=_defaults(seen.registry, tool),
    )
    values = dict(slots(dict(arguments)))
    return {
        slot: replace(one, where=_where(values.get(slot), seen.read) or one.where)
        if one.origin is Origin.UNTRUSTED
        else one
        for slot, one in traced.items()
    }


def _where(value: JsonValue, read: Sequence[tuple[str, str]]) -> str:
    """The place where nobody vouches for it, but where it was read; "" when it is the brain's own."""
    if isinstance(value, bool) or value is None:
        return ""
    wanted = str(value)
    for where, text in reversed(read):
        if text == wanted or (len(wanted) >= SHORTEST_QUOTE and wanted in text):
            return f"{where} (untrusted)"
    return ""


def _hearsay(steps: Sequence[Step]) -> list[tuple[str, str]]:
    out = []
    for step in steps:
        if step.kind is StepKind.CONTEXT:
            by = str(step.body["by"])
            where = f"the attached {by[:80]}" if "file" in step.body else "an earlier message of the thread"
            out.append(("the alert" if by == "alert" else where, str(step.body["text"])))
        elif step.kind is StepKind.USER and step.body.get("hearsay"):
            out.append(("the alert", str(step.body["text"])))
    return [*out, *(("what was pasted into the request", text) for text in transcript.pasted(steps))]


def _manifest(registry: Registry, tool: str) -> ToolManifest | None:
    try:
        return registry.get(tool).manifest
    except UnknownTool:
        return None


def _defaults(registry: Registry, tool: str) -> JsonObject:
    try:
        properties = schema_of(registry.get(tool)).get("properties", {})
    except UnknownTool:
        return {}
    return {name: prop["default"] for name, prop in properties.items() if "default" in prop}
