"""One walk from the top of a playbook, with the skills inside it, to the first call that has no result yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.brains.base import (
    THE_REQUEST,
    Alert,
    Call,
    CallResult,
    Chart,
    JsonObject,
    JsonValue,
    Saying,
    SkillEnded,
    Thinking,
)
from tools.expressions import Expression, ExpressionError
from tools.playbooks.library import Library
from tools.playbooks.playbook import Again, BadInput, CallStep, Playbook, Scalar, SkillStep, Step


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Calls of one turn."""

    calls: tuple[Call, ...]


Act = Thinking | Saying | Asked | Alert | Chart | SkillEnded


@dataclass(kw_only=True)
class _Frame:
    """One skill as it runs: its own scope, and where its values come from."""

    book: Playbook
    path: str
    """"" for the one that was asked for; else the step ids that lead to it, each with a dot"""
    inputs: JsonObject
    env: str
    aloud: bool
    inputs_from: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """input → tools whose results its value was made of, and the request where it was read there"""
    done: JsonObject = field(default_factory=dict)
    steps_from: dict[str, frozenset[str]] = field(default_factory=dict)
    last_look: dict[str, str] = field(default_factory=dict)
    """step → the id of its last call, where it was made again"""
    changed: bool = False

    @property
    def scope(self) -> JsonObject:
        return {"inputs": self.inputs, "env": self.env, "steps": self.done}

    def sources(self, expression: Expression) -> frozenset[str]:
        """The tools whose results go into a value."""
        steps = (self.steps_from.get(one, frozenset()) for one in expression.mentions("steps"))
        inputs = (self.inputs_from.get(one, frozenset()) for one in expression.mentions("inputs"))
        return frozenset().union(*steps, *inputs)


class Walk:
    """Walks a skill with the results there are. The same transcript always leads to the same place."""

    def __init__(self, library: Library, results: Mapping[str, CallResult], env: str) -> None:
        self._library, self._results, self._env = library, results, env

    def fresh(self, name: str, inputs: Mapping[str, Scalar]) -> list[Act]:
        """What comes after the newest result: up to the next calls, or to the end."""
        fresh: list[Act] = []
        frame = self._frame(name, "", inputs, aloud=True)
        asked = frozenset({THE_REQUEST})  # of a list, the playbook itself says what may be taken
        taken = {key: spec for key, spec in frame.book.inputs.items() if not spec.one_of}
        frame.inputs_from = {key: asked for key, spec in taken.items() if inputs.get(key) != spec.default}
        for act in self._skill(frame):
            if isinstance(act, Asked) and all(call.call_id in self._results for call in act.calls):
                fresh.clear()  # everything up to here was said in the turn that made these calls
                continue
            fresh.append(act)
            if isinstance(act, Asked):
                break
        return fresh

    def _frame(self, name: str, path: str, inputs: Mapping[str, Scalar], *, aloud: bool) -> _Frame:
        book = self._library.playbooks()[name]
        return _Frame(book=book, path=path, inputs=dict(inputs), env=self._env, aloud=aloud)

    def _skill(self, frame: _Frame) -> Iterator[Act]:
        """Run one skill; its end comes last."""
        failed = ""
        output: JsonObject = {}
        try:
            yield from self._steps(frame, frame.book.steps)
        except _Stop:
            pass
        except _Failed as error:
            failed = str(error)
        except (ExpressionError, BadInput) as error:
            failed = f"The playbook `{frame.book.name}` cannot go on: {error}. Nothing more was done."
        helped: bool | None = None
        quiet = False
        if not failed:
            output, failed = _output(frame)
            helped = _helped(frame)
            quiet = _holds(frame, frame.book.quiet) is True
        if failed and frame.aloud:
            yield Saying(delta=failed)
        yield SkillEnded(
            skill=frame.book.name,
            hash=self._library.get(frame.book.name).hash,
            path=frame.path,
            failed=failed,
            output=output,
            changed=frame.changed,
            helped=helped,
            quiet=quiet,
        )

    def _steps(self, frame: _Frame, steps: Sequence[Step]) -> Iterator[Act]:
        for step in steps:
            if step.stop:
                raise _Stop
            if step.fail is not None:
                raise _Failed(str(step.fail.value(frame.scope)))
            if step.think is not None or step.think_cel is not None:
                yield Thinking(delta=step.think or str(step.think_cel and step.think_cel.value(frame.scope)))
            elif step.say is not None:
                if frame.aloud:
                    yield Saying(delta=str(step.say.value(frame.scope)))
            elif step.alert is not None:
                if step.alert.when is None or step.alert.when.truth(frame.scope):
                    yield Alert(text=str(step.alert.says.value(frame.scope)), severity=step.alert.severity)
            elif step.chart is not None:
                yield Chart(call_id=frame.path + frame.last_look.get(step.chart, step.chart))
            elif step.calls():
                yield from self._calls(frame, step)
            elif step.skill is not None:
                yield from self._inner(frame, step.skill)
            elif step.if_ is not None:
                yield from self._steps(frame, step.then if step.if_.truth(frame.scope) else step.else_)

    def _calls(self, frame: _Frame, step: Step) -> Iterator[Act]:
        if step.call is not None and step.call.again is not None:
            yield from self._again(frame, step.call, step.call.again)
            return
        asked = [one for one in step.calls() if one.when is None or one.when.truth(frame.scope)]
        if not asked:
            return
        yield Asked(calls=tuple(self._call(frame, one) for one in asked))
        for one in asked:
            self._take(frame, one, self._results[frame.path + one.id])

    def _again(self, frame: _Frame, step: CallStep, again: Again) -> Iterator[Act]:
        """One look, and more of them until what it waits for holds or there were enough."""
        previewed = any(result.status == "previewed" for result in self._results.values())
        most = 1 if previewed else again.at_most  # nothing was changed, so nothing will change
        for number in range(1, most + 1):
            look = step if number == 1 else step.model_copy(update={"id": f"{step.id}~{number}"})
            if number == 2:
                yield Thinking(delta=f"Not yet. I look again every {again.every_seconds} s, {most} times at most.")
            call = self._call(frame, look)
            yield Asked(calls=(replace(call, after_seconds=again.every_seconds) if number > 1 else call,))
            result = self._results[frame.path + look.id]
            frame.done[step.id] = seen = _seen(result)
            frame.last_look[step.id] = look.id
            seen["held"] = result.status == "ran" and again.until.truth(frame.scope)
            if seen["held"]:
                break
        self._take(frame, step, result, held=seen["held"])

    def _take(self, frame: _Frame, step: CallStep, result: CallResult, **more: JsonValue) -> None:
        """Keep a result for what follows.

        Raises:
            _Failed: it did not run and had to.
        """
        seen = _seen(result) | more
        frame.done[step.id] = seen
        frame.steps_from[step.id] = frozenset({step.tool})
        frame.changed = frame.changed or (result.status == "ran" and step.why is not None)
        if step.must and result.status != "ran":
            says = f"I cannot tell: `{step.tool}` gave nothing ({result.status}: {seen['message']})"
            raise _Failed(f"{says}. {'What ran before stands.' if frame.changed else 'Nothing was changed.'}")

    def _call(self, frame: _Frame, step: CallStep) -> Call:
        call_id = frame.path + step.id
        if call_id in self._results:  # its arguments belong to the past; a person may have changed them since
            return Call(call_id=call_id, tool=step.tool, arguments={})
        arguments: JsonObject = {name: value.value(frame.scope) for name, value in step.with_.items()}
        drawn = {name: tuple(sorted(found)) for name, value in step.with_.items() if (found := frame.sources(value))}
        if step.reason_code:
            arguments["reason_code"] = step.reason_code
        if step.why is not None:
            arguments["why"] = str(step.why.value(frame.scope))
        return Call(call_id=call_id, tool=step.tool, arguments=arguments, skill=frame.book.name, drawn_from=drawn)

    def _inner(self, outer: _Frame, step: SkillStep) -> Iterator[Act]:
        book = self._library.playbooks()[step.skill]
        inputs = {name: spec.default for name, spec in book.inputs.items()}
        for name, value in step.with_.items():
            try:
                inputs[name] = book.inputs[name].take(value.value(outer.scope))
            except BadInput as error:
                raise BadInput(f"input {name!r} of skill {step.skill!r} {error}") from None
        frame = self._frame(step.skill, f"{outer.path}{step.id}.", inputs, aloud=step.aloud and outer.aloud)
        frame.inputs_from = {name: outer.sources(value) for name, value in step.with_.items()}
        for act in self._skill(frame):
            yield act
            if isinstance(act, SkillEnded) and act.path == frame.path:
                status = "failed" if act.failed else "ran"
                outer.done[step.id] = {"status": status, "result": act.output, "message": act.failed}
        # What a skill gives back may be what it was given: it comes from there as well.
        outer.steps_from[step.id] = self._library.tools_of(step.skill).union(*frame.inputs_from.values())
        outer.changed = outer.changed or frame.changed


class _Stop(Exception):
    """The playbook said stop."""


class _Failed(Exception):
    """The playbook cannot do its work; the message says why."""


def _output(frame: _Frame) -> tuple[JsonObject, str]:
    """(the output, "") or ({}, why there is none)."""
    name = frame.book.name
    output: JsonObject = {}
    for entry, expression in frame.book.output.items():
        try:
            output[entry] = expression.value(frame.scope)
        except ExpressionError as error:
            return {}, f"The output {entry!r} of `{name}` cannot be told: {error}."
    if output and frame.book.output_schema:
        from jsonschema import Draft202012Validator

        first = next(Draft202012Validator(frame.book.output_schema).iter_errors(output), None)
        if first is not None:
            where = ".".join(map(str, first.absolute_path)) or "the whole"
            return {}, f"The output of `{name}` does not fit its schema: {where}: {first.message[:300]}."
    return output, ""


def _helped(frame: _Frame) -> bool | None:
    return _holds(frame, frame.book.helped) if frame.changed else None


def _holds(frame: _Frame, asked: Expression | None) -> bool | None:
    if asked is None:
        return None
    try:
        return asked.truth(frame.scope)
    except ExpressionError:  # it cannot be told, which is not a no
        return None


def _seen(result: CallResult) -> dict[str, JsonValue]:
    """A result as a playbook sees it: status, result, and a message: a person's own reason where there is one."""
    reason = result.content.get("reason") if result.status == "rejected" else None
    message = str(reason or result.content.get("message", ""))
    return {"status": result.status, "result": result.content, "message": message}
